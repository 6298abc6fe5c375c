// Registers device, model, kept studies and chat client in a container.
using System.Diagnostics;
using HSENet.Kernels;
using HSENet.Runtime;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HSENet.Extensions;

/// <summary>Adds HSENet to a program's services.</summary>
public static class HseNetServices
{
    /// <summary>
    /// Adds one <see cref="HseNetModel"/> on one <see cref="Device"/>, a <see cref="StudyStore"/> and an <see cref="IChatClient"/> on it,
    /// each unless the program has registered its own. A host opens the model when it starts, and does not start where that fails; the
    /// container closes all of it.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Sets the options; those of a configuration are bound by
    /// <c>services.Configure&lt;HseNetOptions&gt;</c>.</param>
    public static IServiceCollection AddHseNet(this IServiceCollection services, Action<HseNetOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<HseNetOptions>();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddSingleton(provider => Device.Open(Options(provider).Device));
        services.TryAddSingleton(Open);
        services.TryAddSingleton(provider => new StudyStore(provider.GetRequiredService<HseNetModel>(), Options(provider).KeptStudies,
            provider.GetService<ILogger<StudyStore>>()));
        services.TryAddSingleton<IChatClient>(provider => new HseNetChatClient(provider.GetRequiredService<HseNetModel>(),
            provider.GetRequiredService<StudyStore>(), Options(provider).Study, provider.GetService<ILogger<HseNetChatClient>>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ModelStart>());
        return services;
    }

    static HseNetOptions Options(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<HseNetOptions>>().Value;
        options.Check();
        return options;
    }

    static HseNetModel Open(IServiceProvider provider)
    {
        var options = Options(provider);
        var device = provider.GetRequiredService<Device>();
        ILogger logger = provider.GetService<ILogger<HseNetModel>>() ?? NullLogger<HseNetModel>.Instance;
        Log.Opening(logger, options.Weights, device.Name);
        var clock = Stopwatch.StartNew();
        var model = HseNetModel.Open(options.Weights, device, new ModelOptions
        {
            QueueLimit = options.QueueLimit,
            Tokenizer = options.Tokenizer,
            VerifyChecksums = options.VerifyChecksums,
            Activations = options.Activations,
        });
        Log.Opened(logger, model.WeightsHash, string.Join(", ", model.Adapters), clock.Elapsed.TotalSeconds);
        return model;
    }

    // Opens the model with the host, so that a wrong folder is told at once and no request waits for it.
    sealed class ModelStart(IServiceProvider provider) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) =>
            Task.Run(provider.GetRequiredService<HseNetModel>, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
