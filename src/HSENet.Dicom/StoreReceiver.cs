// Receives images by C-STORE into a folder, one folder below it for each series.
using System.Text;
using FellowOakDicom;
using FellowOakDicom.Network;
using HSENet.Runtime;
using Microsoft.Extensions.Logging;

namespace HSENet.Dicom;

/// <summary>Where received images go, and who is told about each.</summary>
/// <param name="Folder">Images are written to Folder/series/instance.dcm.</param>
/// <param name="Stored">Called with the path of each image below the folder; holds UIDs only.</param>
public sealed record StoreTarget(string Folder, Action<string> Stored);

/// <summary>One association of a scanner or archive that sends.</summary>
public sealed class StoreReceiver : DicomService, IDicomServiceProvider, IDicomCStoreProvider, IDicomCEchoProvider
{
    /// <summary>Called by fo-dicom for each connection.</summary>
    public StoreReceiver(INetworkStream stream, Encoding fallbackEncoding, ILogger log, DicomServiceDependencies dependencies)
        : base(stream, fallbackEncoding, log, dependencies)
    {
    }

    /// <summary>Listens until it is cancelled.</summary>
    /// <exception cref="HseNetException">The address or port cannot be listened on, or the folder cannot be made.</exception>
    public static async Task Listen(string address, int port, StoreTarget target, Action listening, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(listening);
        _ = FoDicom.Transcoders;
        try
        {
            Directory.CreateDirectory(target.Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(target.Folder, "cannot be made", "a folder that may be written", e);
        }
        using IDicomServer server = DicomServerFactory.Create<StoreReceiver>(address, port, userState: target);
        for (int i = 0; i < 50 && !server.IsListening && server.Exception is null; i++)
            await Task.Delay(20, cancellation).ConfigureAwait(false);
        if (server.Exception is not null || !server.IsListening)
            throw new HseNetException($"port {port} of {address} cannot be listened on; expected a free port");
        listening();
        await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        server.Stop();
    }

    /// <inheritdoc/>
    public Task OnReceiveAssociationRequestAsync(DicomAssociation association)
    {
        foreach (DicomPresentationContext context in association.PresentationContexts)
        {
            if (context.AbstractSyntax == DicomUID.Verification || context.AbstractSyntax.StorageCategory != DicomStorageCategory.None)
                context.AcceptTransferSyntaxes([.. context.GetTransferSyntaxes()]);
            else
                context.SetResult(DicomPresentationContextResult.RejectAbstractSyntaxNotSupported);
        }
        return SendAssociationAcceptAsync(association);
    }

    /// <inheritdoc/>
    public Task OnReceiveAssociationReleaseRequestAsync() => SendAssociationReleaseResponseAsync();

    /// <inheritdoc/>
    public void OnReceiveAbort(DicomAbortSource source, DicomAbortReason reason)
    {
    }

    /// <inheritdoc/>
    public void OnConnectionClosed(Exception exception)
    {
    }

    /// <inheritdoc/>
    public Task<DicomCEchoResponse> OnCEchoRequestAsync(DicomCEchoRequest request) =>
        Task.FromResult(new DicomCEchoResponse(request, DicomStatus.Success));

    /// <inheritdoc/>
    public async Task<DicomCStoreResponse> OnCStoreRequestAsync(DicomCStoreRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var target = (StoreTarget)UserState;
        string series = request.Dataset.GetSingleValueOrDefault(DicomTag.SeriesInstanceUID, "");
        string instance = request.SOPInstanceUID?.UID ?? "";
        // The sender's words become a path: only what is a UID may.
        if (!StructuredReport.IsUid(series) || !StructuredReport.IsUid(instance))
            return new DicomCStoreResponse(request, DicomStatus.InvalidAttributeValue);
        string folder = Path.Combine(target.Folder, series);
        string path = Path.Combine(folder, instance + ".dcm");
        string temporary = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            Directory.CreateDirectory(folder);
            await request.File.SaveAsync(temporary).ConfigureAwait(false);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DicomFileException)
        {
            File.Delete(temporary);
            return new DicomCStoreResponse(request, DicomStatus.StorageStorageOutOfResources);
        }
        target.Stored($"{series}/{instance}.dcm");
        return new DicomCStoreResponse(request, DicomStatus.Success);
    }

    /// <inheritdoc/>
    public Task OnCStoreRequestExceptionAsync(string tempFileName, Exception e) => Task.CompletedTask;
}
