// Tells a host's health endpoint whether the model can take a request.
using HSENet.Runtime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HSENet.Extensions;

/// <summary>
/// Healthy where the device answers and the model takes requests; degraded while as many wait as may; otherwise what the registration says
/// of a failure. Registered by <c>AddHealthChecks().AddCheck&lt;HseNetHealthCheck&gt;("hsenet")</c>.
/// </summary>
/// <param name="model">The model.</param>
public sealed class HseNetHealthCheck(HseNetModel model) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Task.FromResult(Check(context));
    }

    HealthCheckResult Check(HealthCheckContext context)
    {
        int requests = model.Requests;
        var data = new Dictionary<string, object>
        {
            ["device"] = model.Device.Name,
            ["weights"] = model.WeightsHash,
            ["requests"] = requests,
        };
        try
        {
            // After a fault of its context a GPU refuses even this.
            model.Device.Allocate(1, "health check").Dispose();
        }
        catch (Exception e) when (e is HseNetException or ObjectDisposedException)
        {
            string problem = $"the device gives no memory ({e.GetType().Name})";
            return new HealthCheckResult(context.Registration.FailureStatus, problem, data: data);
        }
        return requests > model.QueueLimit
            ? HealthCheckResult.Degraded($"{requests - 1} requests wait, as many as may", data: data)
            : HealthCheckResult.Healthy(data: data);
    }
}
