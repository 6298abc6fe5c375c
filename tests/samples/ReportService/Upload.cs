// The body of a request on disk, until the study in it is encoded.
namespace ReportService;

static class Upload
{
    /// <summary>Takes a body as it comes. The file is gone with the stream.</summary>
    public static async Task<Stream> Receive(Stream body, CancellationToken stop)
    {
        // Readable by this process's user alone.
        var file = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1 << 16,
            FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        try
        {
            await body.CopyToAsync(file, stop);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }
}
