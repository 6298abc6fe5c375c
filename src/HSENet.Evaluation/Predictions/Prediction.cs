// A text that a model wrote, beside the one that was wanted.

namespace HSENet.Evaluation;

/// <summary>One sample of an evaluation of texts.</summary>
/// <param name="Study">What it is of: samples of one study are not independent, and are drawn together by the bootstrap.</param>
/// <param name="Question">What was asked; empty if that is not known.</param>
/// <param name="Wanted">The report or answer of the data.</param>
/// <param name="Text">What was generated; may be empty.</param>
/// <param name="BertF1">BERTScore's F1 where somebody else computed it: this library has no such model.</param>
internal sealed record Prediction(string Study, string Question, string Wanted, string Text, double? BertF1 = null);
