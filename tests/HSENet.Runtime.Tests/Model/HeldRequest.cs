// A request that stands still on its model for as long as a test wants.
namespace HSENet.Runtime.Tests;

sealed class HeldRequest : IDisposable
{
    readonly ManualResetEventSlim _began = new(), _goOn = new();
    readonly CancellationTokenSource _stop = new();
    readonly Task<ReportResult> _request;

    /// <summary>Returns when the request has the model and its first token.</summary>
    public HeldRequest(HseNetModel model, CtStudy study)
    {
        var progress = new Hold(stands =>
        {
            if (stands.Stage != ReportStage.Generating)
                return;
            _began.Set();
            _goOn.Wait();
        });
        _request = model.Report(study, new ReportOptions { MaxTokens = 20, Progress = progress }, _stop.Token).CompleteAsync();
        Assert.True(_began.Wait(TimeSpan.FromSeconds(60)), "the request did not begin");
    }

    /// <summary>Cancels it, and waits until it has left the model.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _goOn.Set();
        Assert.ThrowsAny<OperationCanceledException>(() => _request.GetAwaiter().GetResult());
    }

    sealed class Hold(Action<ReportProgress> told) : IProgress<ReportProgress>
    {
        public void Report(ReportProgress value) => told(value);
    }
}
