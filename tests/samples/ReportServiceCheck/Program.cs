// Starts the service and uses it as its clients would: right answers one by one and twenty at once, nothing left of who has gone.
// Arguments: the service's assembly, the weights, and for each study its file (or a folder of DICOM files) and its report.
using System.Diagnostics;
using System.IO.Compression;
using System.Net;

const int Clients = 20, Rounds = 16, Steady = 3, Held = 40;
const string Question = "Is there a pleural effusion?";

(byte[] Bytes, string Report)[] studies = [.. args.Skip(2).Chunk(2).Select(pair => (Content(pair[0]), pair[1]))];
using var service = new ServiceProcess(args[0], "--HSENet:Weights", args[1], "--HSENet:Device", "cpu",
    "--HSENet:QueueLimit", "64", "--HSENet:KeptStudies", $"{Clients + 4}");
var address = await service.Address;
using var client = new Client(address);
Check.That(await client.Health() is ("Healthy", 0), "the service is not healthy at its start");

// Clients whose uploads do not go on, while the others work.
using var release = new CancellationTokenSource();
Task[] held = [.. Enumerable.Range(0, Held).Select(_ => client.HoldUpload(studies[0].Bytes, release))];

// One by one, each study twice.
var answers = new List<string>();
foreach (var (bytes, report) in studies)
{
    var study = await client.Upload(bytes);
    string text = await client.Report(study);
    Check.That(text.Trim() == report, $"a report is '{text.Trim()}': expected '{report}'");
    answers.Add(await client.Ask(study, Question));
    Check.That(await client.Report(study) == text && await client.Ask(study, Question) == answers[^1], "a second answer is another one");
    Check.That(await client.Delete(study) == HttpStatusCode.NoContent && await client.ReportStatus(study) == HttpStatusCode.NotFound,
        "a deleted study is still there");
}
Check.That(!held.Any(upload => upload.IsCompleted), "an upload that was held has ended");
await release.CancelAsync();
await Task.WhenAll(held);
Console.WriteLine($"{studies.Length} studies: reports as the program writes them, beside {Held} uploads that stood still");

// What cannot be used has its own status and one line.
var (status, detail) = await client.Refused("no scan at all"u8.ToArray());
Check.That(status == HttpStatusCode.UnprocessableEntity && detail.StartsWith("the study: "), $"no scan got {status}: {detail}");
Check.That(await client.ReportStatus(new Uri("/studies/none", UriKind.Relative)) == HttpStatusCode.NotFound, "an unknown study was found");

// Who goes frees the model: while a report is written, and while a study is uploaded.
var left = await client.Upload(studies[0].Bytes);
await client.BreakOff(left);
await client.BreakOffUpload(studies[0].Bytes);
var clock = Stopwatch.StartNew();
while (await client.Health() is not ("Healthy", 0))
    Check.That(clock.Elapsed < TimeSpan.FromSeconds(10), "a request runs on for a client that has gone");
Check.That((await client.Report(left)).Trim() == studies[0].Report, "a study is lost with a client that broke off");
await client.Delete(left);
Console.WriteLine($"clients that went: the model was free after {clock.Elapsed.TotalSeconds:F1} s");

// Twenty at once, some of whom go. A collected heap and the pools of buffers come to their size after some rounds, sooner or later by
// chance; studies that stayed would hold their voxels, some megabytes each, and no round would be steady.
long highest = 0;
int round = 0, steady = 0;
for (; round < Rounds && steady < Steady; round++)
{
    clock.Restart();
    await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Work(i)));
    long memory = service.Memory;
    Console.WriteLine($"{Clients} clients at once: {clock.Elapsed.TotalSeconds:F1} s, {memory >> 20} MB, {service.Threads} threads");
    steady = memory <= highest + (4 << 20) ? steady + 1 : 0;
    highest = Math.Max(highest, memory);
}
Check.That(steady == Steady, $"memory still grows after {Rounds} rounds: {highest >> 20} MB");
Check.That(await client.Health() is ("Healthy", 0), "requests are left");
Check.That(!service.Log.Contains("unhandled exception"), "what a client did was logged as a fault of the service");
Check.That(!service.Log.Contains(studies[0].Report[..20]), "the log holds a report");

async Task Work(int i)
{
    var (bytes, report) = studies[i % studies.Length];
    using var own = new Client(address);
    var study = await own.Upload(bytes);
    if (i % 5 == 4)
        await own.BreakOff(study);
    else
    {
        Check.That((await own.Report(study)).Trim() == report, $"client {i} got another report");
        Check.That(await own.Ask(study, Question) == answers[i % studies.Length], $"client {i} got another answer");
    }
    Check.That(await own.Delete(study) == HttpStatusCode.NoContent, $"the study of client {i} is gone");
}

static byte[] Content(string path)
{
    if (File.Exists(path))
        return File.ReadAllBytes(path);
    using var zip = new MemoryStream();
    ZipFile.CreateFromDirectory(path, zip);
    return zip.ToArray();
}
