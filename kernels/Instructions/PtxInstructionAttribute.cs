// PTX instructions that ILGPU lacks, declared as data: a template on a method with a C# body.
namespace HSENet.Kernels;

/// <summary>
/// Marks a static method that ILGPU compiles to one PTX instruction. The method's C# body is what runs when a kernel is stepped
/// through on ILGPU's CPU accelerator.
/// </summary>
/// <remarks>
/// In the template <c>{d}</c> is the result, <c>{0}</c>, <c>{1}</c>, … the parameters in order; a struct becomes a vector
/// <c>{r0, r1, …}</c> of its fields; <c>[{0}]</c> is an address (a <c>ref</c> parameter), <c>[{0}+{1}]</c> one with an offset in bytes
/// that must be a constant where the method is called, once inlined; a number is copied. One instruction a template. Beside the attribute
/// the method needs ILGPU's <c>[IntrinsicImplementation]</c>, or its body is compiled.
/// </remarks>
[AttributeUsage(AttributeTargets.Method)]
sealed class PtxInstructionAttribute(string template) : Attribute
{
    /// <summary>For example <c>fma.rn.f32 {d}, {0}, {1}, {2}</c>.</summary>
    public string Template { get; } = template;
}
