// What this package reads and writes as JSON without a parser of its own: generated at compile time, so that trimmed and AOT programs can.
using System.Text.Json.Serialization;

namespace HSENet.Runtime;

[JsonSerializable(typeof(ModelConfig))]
[JsonSerializable(typeof(Dictionary<string, int>))]
[JsonSerializable(typeof(Dictionary<string, object>))]
[JsonSerializable(typeof(double[]))]
[JsonSerializable(typeof(string[]))]
sealed partial class RuntimeJson : JsonSerializerContext;
