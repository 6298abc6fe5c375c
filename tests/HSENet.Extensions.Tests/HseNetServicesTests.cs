// AddHseNet: what a container gives, when it opens and closes it, and what it says of wrong options.
using HSENet.Kernels;
using HSENet.Runtime;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HSENet.Extensions.Tests;

public sealed class HseNetServicesTests
{
    static ServiceCollection Services(Action<HseNetOptions>? more = null)
    {
        var services = new ServiceCollection();
        services.AddHseNet(options =>
        {
            (options.Weights, options.Device) = (DemoModel.Folder, "cpu");
            more?.Invoke(options);
        });
        return services;
    }

    [Fact]
    public async Task A_container_opens_everything_once_and_closes_it()
    {
        var log = new Logged<HseNetModel>();
        var services = Services(options => (options.QueueLimit, options.KeptStudies) = (5, 3));
        services.AddHseNet();
        services.AddSingleton<ILogger<HseNetModel>>(log);
        HseNetModel model;
        Device device;
        await using (var provider = services.BuildServiceProvider(validateScopes: true))
        {
            var start = Assert.Single(provider.GetServices<IHostedService>());
            await start.StartAsync(default);
            Assert.Equal([1, 2], log.Lines.Select(line => line.Event.Id));
            model = provider.GetRequiredService<HseNetModel>();
            device = provider.GetRequiredService<Device>();
            Assert.Same(device, model.Device);
            Assert.Equal(5, model.QueueLimit);
            Assert.Equal(3, provider.GetRequiredService<StudyStore>().Capacity);
            var chat = provider.GetRequiredService<IChatClient>();
            Assert.Same(model, chat.GetService<HseNetModel>());
            using var study = DemoModel.Scan();
            Assert.NotEmpty((await chat.GetResponseAsync([new(ChatRole.User, [new StudyContent(study)])])).Text);
            await start.StopAsync(default);
        }
        Assert.Throws<ObjectDisposedException>(() => model.Encode(DemoModel.Scan()));
        Assert.Throws<ObjectDisposedException>(device.Synchronize);
        Assert.Equal(2, log.Lines.Count);
    }

    [Fact]
    public void A_service_may_keep_activations_in_f32_where_bf16_is_the_default()
    {
        using var provider = Services(options => (options.Device, options.Activations) = ("emulator", ActivationType.F32))
            .BuildServiceProvider();
        Assert.Equal(ActivationType.F32, provider.GetRequiredService<HseNetModel>().Activations);
        using var byDefault = Services(options => options.Device = "emulator").BuildServiceProvider();
        Assert.Equal(ActivationType.BF16, byDefault.GetRequiredService<HseNetModel>().Activations);
    }

    [Fact]
    public void A_device_of_the_programs_own_is_used()
    {
        using var device = new HostDevice(1);
        using var provider = new ServiceCollection().AddSingleton<Device>(device)
            .AddHseNet(options => (options.Weights, options.Device) = (DemoModel.Folder, "no device")).BuildServiceProvider();
        Assert.Same(device, provider.GetRequiredService<HseNetModel>().Device);
    }

    [Fact]
    public async Task Wrong_options_end_the_start_with_one_line()
    {
        (Action<HseNetOptions> Set, string Says)[] cases =
        [
            (options => options.Weights = " ", "HseNetOptions.Weights is empty"),
            (options => options.Weights = Path.Combine(DemoModel.Folder, "no"), "does not exist"),
            (options => options.Device = "gpu", "device gpu: expected auto, cpu, cuda:N or emulator"),
            (options => options.QueueLimit = -1, "HseNetOptions.QueueLimit -1"),
            (options => options.KeptStudies = 0, "HseNetOptions.KeptStudies 0"),
        ];
        foreach (var (set, says) in cases)
        {
            await using var provider = Services(set).BuildServiceProvider();
            var start = provider.GetServices<IHostedService>().Single();
            Assert.Contains(says, (await Assert.ThrowsAnyAsync<HseNetException>(() => start.StartAsync(default))).Message);
        }
    }

    [Fact]
    public async Task Health_is_the_devices_and_the_queues()
    {
        using var device = new HostDevice(2);
        using var model = DemoModel.Open(device, queueLimit: 0);
        var check = new HseNetHealthCheck(model);
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("hsenet", check, HealthStatus.Unhealthy, null) };
        var health = await check.CheckHealthAsync(context);
        Assert.Equal((HealthStatus.Healthy, 0), (health.Status, health.Data["requests"]));
        Assert.Equal(model.WeightsHash, health.Data["weights"]);
        using var study = DemoModel.Scan();
        HealthStatus? meanwhile = null;
        model.Report(study, new ReportOptions
        {
            MaxTokens = 1,
            Progress = new Told(() => meanwhile ??= check.CheckHealthAsync(context).Result.Status),
        }).Complete();
        Assert.Equal(HealthStatus.Degraded, meanwhile);
        device.Dispose();
        Assert.Equal(HealthStatus.Unhealthy, (await check.CheckHealthAsync(context)).Status);
    }

    sealed class Told(Action told) : IProgress<ReportProgress>
    {
        public void Report(ReportProgress value) => told();
    }
}
