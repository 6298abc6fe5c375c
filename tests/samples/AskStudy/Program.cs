// A host that takes HSENet.Extensions from its packages: a study travels in a chat message, and the answer is streamed.
using HSENet.Extensions;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddHseNet(options => options.Weights = args[0]);
using var host = builder.Build();
await host.StartAsync();
var chat = host.Services.GetRequiredService<IChatClient>();
var study = new DataContent(await File.ReadAllBytesAsync(args[1]), "application/gzip");
await foreach (var update in chat.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, [study])]))
    Console.Write(update.Text);
Console.WriteLine();
await host.StopAsync();
