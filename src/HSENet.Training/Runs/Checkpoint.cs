// The state of a training in one file: values and moments of every tensor, and where the run stands. Complete or not there.
using System.Globalization;
using System.Runtime.InteropServices;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Where a run stands.</summary>
/// <param name="Step">Optimizer steps that are done.</param>
/// <param name="Position">Batches that were read.</param>
/// <param name="BestLoss">Lowest validation loss so far; infinite before the first.</param>
/// <param name="BestStep">Step of that loss.</param>
/// <param name="Skipped">Samples that could not be used so far.</param>
/// <param name="Validated">Last step whose values were validated.</param>
readonly record struct RunState(long Step, long Position, double BestLoss, long BestStep, long Skipped, long Validated)
{
    public static RunState Start => new(0, 0, double.PositiveInfinity, 0, 0, 0);
}

/// <summary>
/// Safetensors files: a trained tensor under its own name, so that the file also serves as a start for another training, with
/// <c>NAME.first_moment</c>
/// and <c>NAME.second_moment</c> beside it.
/// </summary>
static class Checkpoint
{
    const string First = ".first_moment", Second = ".second_moment", Prefix = "hsenet.";

    /// <summary>Writes a checkpoint under a temporary name, flushes it, and gives it its name.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="state">Where the run stands.</param>
    /// <param name="samples">Hash of the samples, whose order the state refers to.</param>
    /// <exception cref="HseNetFileException">It cannot be written; what stood there stays.</exception>
    public static void Write(string path, ParameterSet parameters, RunState state, string samples)
    {
        using var file = new SafetensorsWriter(path,
            parameters.All.SelectMany(parameter =>
            Tensors(parameter).Select(tensor => new TensorDescription(tensor.Name, DataType.F32, parameter.Shape))),
            new Dictionary<string, string>
            {
                [Prefix + "step"] = Text(state.Step),
                [Prefix + "position"] = Text(state.Position),
                [Prefix + "best_loss"] = Text(state.BestLoss),
                [Prefix + "best_step"] = Text(state.BestStep),
                [Prefix + "skipped"] = Text(state.Skipped),
                [Prefix + "validated"] = Text(state.Validated),
                [Prefix + "samples"] = samples,
            });
        foreach (var parameter in parameters.All)
            foreach (var (name, view) in Tensors(parameter))
            {
                float[] values = new float[view.Length];
                parameters.Device.Download<float>(view, values);
                file.Write(name, MemoryMarshal.AsBytes<float>(values));
            }
        file.Commit();

        static string Text(IFormattable value) => value.ToString(value is double ? "R" : null, CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a checkpoint into the parameters.</summary>
    /// <exception cref="HseNetFileException">The file is damaged or of another training; the parameters are then undefined.</exception>
    public static RunState Read(string path, ParameterSet parameters, string samples)
    {
        using TensorSource source = TensorSource.Open(path);
        source.VerifyChecksums();
        if (source.Metadata.GetValueOrDefault(Prefix + "samples") != samples)
            throw new HseNetFileException(path, "was written by a training on other samples",
                "the same manifest, with the same rows in use");
        if (source.Tensors.Count != 3 * parameters.All.Count)
            throw new HseNetFileException(path, $"holds {source.Tensors.Count} tensors",
                $"{3 * parameters.All.Count}, the state of this training");
        foreach (var parameter in parameters.All)
        {
            parameters.Load(parameter, source);
            foreach (var (name, view) in Tensors(parameter).Skip(1))
            {
                TensorEntry moment = source.Get(name);
                if (moment.ElementCount != view.Length)
                    throw new HseNetFileException(path, $"tensor {moment} does not fit", $"[{string.Join(", ", parameter.Shape)}]");
                parameters.Device.Upload<float>(moment.ToSingles(), view);
            }
        }
        return new RunState(Number<long>("step"), Number<long>("position"), Number<double>("best_loss"), Number<long>("best_step"),
            Number<long>("skipped"), Number<long>("validated"));

        T Number<T>(string name) where T : IParsable<T> =>
            source.Metadata.TryGetValue(Prefix + name, out string? text)
                && T.TryParse(text, CultureInfo.InvariantCulture, out T? value) ? value
            : throw new HseNetFileException(path, $"does not say its {name}", "a checkpoint of a training");
    }

    /// <summary>Whether a tensor of a checkpoint is the optimizer's.</summary>
    public static bool IsMoment(string name) => name.EndsWith(First, StringComparison.Ordinal)
        || name.EndsWith(Second, StringComparison.Ordinal);

    static (string Name, Kernels.View<float> View)[] Tensors(Parameter parameter) =>
        [(parameter.Name, parameter.Values), (parameter.Name + First, parameter.FirstMoment),
            (parameter.Name + Second, parameter.SecondMoment)];
}
