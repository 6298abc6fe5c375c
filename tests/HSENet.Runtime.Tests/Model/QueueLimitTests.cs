// A model with a limit: one request runs, as many as allowed wait, the next is told at once, and none of the others notices.
using HSENet.Kernels;

namespace HSENet.Runtime.Tests;

public sealed class QueueLimitTests
{
    static readonly string Demo = LifetimeTests.Demo;
    static readonly ReportOptions Short = new() { MaxTokens = 2 };

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task One_more_than_may_wait_is_refused_and_the_others_get_their_answers(int limit)
    {
        using var device = new HostDevice(2);
        using var model = HseNetModel.Open(Demo, device, new ModelOptions { QueueLimit = limit });
        using var study = LifetimeTests.Study();
        var alone = model.Report(study, Short).Complete();
        var running = new HeldRequest(model, study);
        Task<ReportResult>[] waiting = [.. Enumerable.Range(0, limit).Select(_ => model.Report(study, Short).CompleteAsync())];
        Assert.True(SpinWait.SpinUntil(() => model.Requests == 1 + limit, 10_000));

        var refused = await Assert.ThrowsAsync<ModelBusyException>(() => model.Report(study, Short).CompleteAsync());
        Assert.Contains($"ModelOptions.QueueLimit, {limit}", refused.Message);
        await Assert.ThrowsAsync<ModelBusyException>(() => model.EncodeAsync(study));

        running.Dispose();
        foreach (var answer in await Task.WhenAll(waiting))
            Assert.Equal(alone.Ids, answer.Ids);
        // Places that were left are free again.
        Assert.Equal(alone.Ids, model.Report(study, Short).Complete().Ids);
        Assert.Equal(0, model.Requests);
    }

    [Fact]
    public void A_limit_below_zero_is_refused()
    {
        using var device = new HostDevice(2);
        var error = Assert.Throws<HseNetException>(() => HseNetModel.Open(Demo, device, new ModelOptions { QueueLimit = -1 }));
        Assert.Contains("ModelOptions.QueueLimit -1: expected at least 0", error.Message);
    }
}
