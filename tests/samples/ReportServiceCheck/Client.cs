// What a client of the service does: upload, ask, read events, break off.
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;

sealed class Client(Uri service) : IDisposable
{
    readonly HttpClient _http = new() { BaseAddress = service, Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Uploads a study piece by piece, its length not said beforehand; gives its address.</summary>
    public async Task<Uri> Upload(byte[] study)
    {
        using var response = await Send(study);
        Check.That(response.StatusCode == HttpStatusCode.Created,
            $"an upload got {response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return response.Headers.Location!;
    }

    public async Task<(HttpStatusCode Status, string Detail)> Refused(byte[] study)
    {
        using var response = await Send(study);
        return (response.StatusCode, await Detail(response));
    }

    Task<HttpResponseMessage> Send(byte[] study)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/studies") { Content = new StreamContent(new MemoryStream(study)) };
        request.Headers.TransferEncodingChunked = true;
        return _http.SendAsync(request);
    }

    public Task<string> Report(Uri study) => Read(new HttpRequestMessage(HttpMethod.Get, $"{study}/report"));

    public Task<string> Ask(Uri study, string question) =>
        Read(new HttpRequestMessage(HttpMethod.Post, $"{study}/questions") { Content = JsonContent.Create(new { text = question }) });

    /// <summary>Reads the first event of a report and closes the connection.</summary>
    public async Task BreakOff(Uri study)
    {
        using var response = await _http.GetAsync($"{study}/report", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        await foreach (var _ in SseParser.Create(body).EnumerateAsync())
            break;
    }

    /// <summary>Sends the beginning of an upload and closes the connection.</summary>
    public async Task BreakOffUpload(byte[] study)
    {
        using var stop = new CancellationTokenSource();
        await HalfUpload(study, stop, TimeSpan.FromMilliseconds(100));
    }

    /// <summary>Sends the beginning of an upload, and no more until it is told to stop.</summary>
    public Task HoldUpload(byte[] study, CancellationTokenSource stop) => HalfUpload(study, stop, Timeout.InfiniteTimeSpan);

    async Task HalfUpload(byte[] study, CancellationTokenSource stop, TimeSpan after)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/studies") { Content = new HalfContent(study, stop, after) };
        request.Headers.TransferEncodingChunked = true;
        try
        {
            using var response = await _http.SendAsync(request, stop.Token);
            Check.That(false, "an upload that broke off was answered");
        }
        catch (OperationCanceledException)
        {
        }
    }

    public async Task<HttpStatusCode> Delete(Uri study)
    {
        using var response = await _http.DeleteAsync(study);
        return response.StatusCode;
    }

    public async Task<HttpStatusCode> ReportStatus(Uri study)
    {
        using var response = await _http.GetAsync($"{study}/report");
        return response.StatusCode;
    }

    public async Task<(string Status, int Requests)> Health()
    {
        var health = await _http.GetFromJsonAsync<JsonElement>("/health");
        return (health.GetProperty("status").GetString()!,
            health.GetProperty("checks").GetProperty("hsenet").GetProperty("requests").GetInt32());
    }

    async Task<string> Read(HttpRequestMessage request)
    {
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Check.That(response.IsSuccessStatusCode, $"{request.RequestUri} got {response.StatusCode}: {await Detail(response)}");
        await using var body = await response.Content.ReadAsStreamAsync();
        var text = new System.Text.StringBuilder();
        await foreach (var item in SseParser.Create(body).EnumerateAsync())
        {
            if (item.EventType == "end")
                return text.ToString();
            Check.That(item.EventType == "text", $"{request.RequestUri}: {item.EventType} {item.Data}");
            text.Append(item.Data);
        }
        throw new InvalidOperationException($"{request.RequestUri} ended without its end");
    }

    static async Task<string> Detail(HttpResponseMessage response) =>
        response.IsSuccessStatusCode ? ""
        : JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString() ?? "";

    public void Dispose() => _http.Dispose();

    sealed class HalfContent(byte[] bytes, CancellationTokenSource stop, TimeSpan after) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await stream.FlushAsync();
            await Task.Delay(after, stop.Token);
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, stop.Token);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

static class Check
{
    public static void That(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }
}
