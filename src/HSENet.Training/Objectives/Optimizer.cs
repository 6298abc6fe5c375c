// One step of training: the norm of all gradients, its clipping, and AdamW at the learning rate of the schedule.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Constants of the optimizer.</summary>
/// <param name="LearningRate">Highest learning rate.</param>
/// <param name="WarmupSteps">Steps in which it rises from 0.</param>
/// <param name="Steps">Steps of the whole training: at the end it is 0 again.</param>
sealed record OptimizerOptions(double LearningRate, long WarmupSteps, long Steps)
{
    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.999;

    public double Epsilon { get; init; } = 1e-8;

    public double WeightDecay { get; init; }

    /// <summary>Largest norm of the gradient.</summary>
    public double Clip { get; init; } = 1;
}

/// <summary>AdamW with a global bound on the gradient's norm, linear warm-up and cosine decay (transformers' Trainer). Its state lies in
/// the parameters.</summary>
sealed class Optimizer : IDisposable
{
    // torch.nn.utils.clip_grad_norm_ adds it to the norm.
    const double ClipEpsilon = 1e-6;

    readonly OptimizerOptions _options;
    readonly DeviceMemory _sums;
    readonly float[] _partial;

    /// <summary>Reserves the memory of the norm.</summary>
    public Optimizer(ParameterSet parameters, OptimizerOptions options)
    {
        _options = options;
        int sums = checked(parameters.All.Sum(parameter => SquaredNorm.SumsLength((int)parameter.Values.Length)));
        _partial = new float[sums];
        _sums = parameters.Device.Allocate(Math.Max(1, sums) * sizeof(float), "gradient norm");
    }

    /// <summary>The learning rate after <paramref name="step"/> steps.</summary>
    public double LearningRate(long step)
    {
        if (step < _options.WarmupSteps)
            return _options.LearningRate * step / _options.WarmupSteps;
        double progress = (double)(step - _options.WarmupSteps) / Math.Max(1, _options.Steps - _options.WarmupSteps);
        return _options.LearningRate * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }

    /// <summary>Updates all parameters.</summary>
    /// <param name="parameters">What is trained, with its gradients.</param>
    /// <param name="step">Steps done before.</param>
    /// <returns>The gradient's norm before clipping; when it is not finite nothing was changed.</returns>
    public double Step(ParameterSet parameters, long step)
    {
        double norm = Norm(parameters);
        if (!double.IsFinite(norm))
            return norm;
        double learningRate = LearningRate(step), scale = Math.Min(1, _options.Clip / (norm + ClipEpsilon));
        foreach (var parameter in parameters.All)
            AdamW.Forward(parameters.Device, new AdamWArguments
            {
                Values = parameter.Values,
                Rounded = parameter.Rounded,
                Gradient = parameter.Gradient,
                FirstMoment = parameter.FirstMoment,
                SecondMoment = parameter.SecondMoment,
                Count = (int)parameter.Values.Length,
                LearningRate = learningRate,
                Beta1 = _options.Beta1,
                Beta2 = _options.Beta2,
                Epsilon = _options.Epsilon,
                WeightDecay = parameter.Decays ? _options.WeightDecay : 0,
                Correction1 = 1 - Math.Pow(_options.Beta1, step + 1),
                Correction2 = 1 - Math.Pow(_options.Beta2, step + 1),
                GradientScale = scale,
            });
        return norm;
    }

    double Norm(ParameterSet parameters)
    {
        int at = 0;
        foreach (var parameter in parameters.All)
        {
            int count = (int)parameter.Values.Length, sums = SquaredNorm.SumsLength(count);
            SquaredNorm.Forward(parameters.Device,
                new SquaredNormArguments
                {
                    X = parameter.Gradient,
                    Sums = _sums.View<float>((long)at * sizeof(float), sums),
                    Count = count
                });
            at += sums;
        }
        if (at > 0)
            parameters.Device.Download(_sums.View<float>(0, at), _partial.AsSpan(0, at));
        return Math.Sqrt(_partial.Sum(sum => (double)sum));
    }

    public void Dispose() => _sums.Dispose();
}
