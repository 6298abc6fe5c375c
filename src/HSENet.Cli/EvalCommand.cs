// hsenet eval: what a model says, finds or answers about the studies of a manifest, and how good that is.
using System.CommandLine;
using HSENet.Runtime;

namespace HSENet.Cli;

static class EvalCommand
{
    // As the reference's scripts allow: 512 tokens for a report, 330 − 256 for an answer.
    const int AnswerTokens = 74;

    public static Command Create() => new("eval", "Evaluates a model on the studies of a manifest, with the reference's metrics.")
    {
        Texts("report", "Reports", NamedAdapter.ReportTask, answers: false),
        Texts("vqa", "Answers", NamedAdapter.QuestionTask, answers: true),
        EvalRetrieval.Create(),
    };

    static Command Texts(string name, string what, string task, bool answers)
    {
        string tables = answers ? ", tables by anatomy and class" : "";
        string fields = answers ? "\"question\" and \"answer\", or \"abnormality\" and \"anatomy\"" : "\"text\"";
        var manifest = new Option<string>("--manifest")
        {
            Description = $"The studies: rows with \"image\" and {fields}; of a file with a validation list, that list.",
            Required = true
        };
        var run = new Option<string>("--out")
        {
            Description = "The run's folder: predictions.jsonl, with which a stopped run goes on, then scores.csv and summary.json.",
            Required = true
        };
        var shard = Shard.Option();
        var join = new Option<bool>("--join") { Description = "Join the predictions of all parts in the run's folder, and score them." };
        var workers = Verb.Workers();
        var wordNet = SummaryArguments.WordNet();
        var arguments = new AnswerArguments(answers ? AnswerTokens : ReportOptions.DefaultMaxTokens, needsWeights: false);
        var summary = new SummaryArguments(arguments.Json);
        var command = new Command(name, $"""
            {what} for every row, and their scores: means, corpus BLEU{tables}, and 95 % intervals.

            Examples:
              hsenet eval {name} --manifest test.jsonl --weights model --out run
              hsenet eval {name} --manifest test.jsonl --weights model --out run --shard 2/16
              hsenet eval {name} --manifest test.jsonl --out run --join
            """)
        { manifest, run, shard, join, workers, wordNet };
        arguments.AddAll(command);
        summary.AddAll(command);
        command.Run(arguments.Verbose, async (parsed, cancellation) =>
        {
            string folder = parsed.GetRequiredValue(run);
            var bootstrap = summary.Bootstrap(parsed);
            bool joins = parsed.GetValue(join);
            var part = joins ? Shard.Whole : Shard.Of(parsed, shard);
            var options = arguments.Options(parsed, task, Prompt.DefaultQuestion);
            if (!joins)
                arguments.RequireWeights(parsed);
            var evaluation = new EvalTexts(parsed.GetRequiredValue(manifest), folder, answers);
            int code = ExitCode.Done;
            if (joins)
                evaluation.Join();
            else
            {
                var studies = arguments.Study.Opener(parsed, cancellation);
                RunFolders.Create(folder);
                await using var models = await arguments.OpenModels(parsed, parsed.GetValue(workers), cancellation).ConfigureAwait(false);
                code = await evaluation.Predict(part, models.All, studies, options, arguments.Settings(parsed, options, studies),
                    parsed.GetValue(arguments.Verbose), cancellation).ConfigureAwait(false);
            }
            if (part.Count > 1)
            {
                Messages.Note($"when all {part.Count} parts are done: hsenet eval {name} --join");
                return code;
            }
            var (scores, result) = evaluation.Score(bootstrap, parsed.GetValue(wordNet), cancellation);
            if (summary.IsJson(parsed))
                foreach (var score in scores)
                    Console.WriteLine(SummaryText.Json(score, answers));
            summary.Print(parsed, result);
            return code;
        });
        return command;
    }
}
