// hsenet score: scores predictions that were made elsewhere, with the reference's metrics.
using System.CommandLine;
using HSENet.Evaluation;

namespace HSENet.Cli;

static class ScoreCommand
{
    public static Command Create() =>
        new("score", "Scores what any program predicted, with the reference's metrics: nothing is computed by a model.")
    {
        Texts("report", "Scores generated reports: BLEU, ROUGE and METEOR, with intervals.", answers: false),
        Texts("vqa", "Scores answers: as reports, and whether anatomy and text are right, by anatomy and by class.", answers: true),
        Findings(),
        Retrieval(),
    };

    static Command Texts(string task, string description, bool answers)
    {
        var file = Verb.Files<string>("file", "Predictions: a table (CSV), or an object on each line (.jsonl).", ArgumentArity.ExactlyOne);
        var table = new Option<string?>("--csv")
        {
            Description =
            "Write the scores of each prediction to this file, with the reference's columns."
        };
        var wordNet = SummaryArguments.WordNet();
        var summary = new SummaryArguments();
        var verbose = Verb.Verbose();
        var command = new Command(task, $"""
            {description}
            Columns: "Ground Truth" (or reference, answer) and pred (or prediction); Question, id and bert_f1 if they are there.

            Examples:
              hsenet score {task} predictions.csv
              hsenet score {task} predictions.jsonl --csv scores.csv --json
            """)
        { file, table, wordNet, verbose };
        summary.AddAll(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            var bootstrap = summary.Bootstrap(parsed);
            var predictions = PredictionFile.Read(parsed.GetRequiredValue(file), out var notes);
            var synonyms = parsed.GetValue(wordNet) is { } folder ? Evaluation.WordNet.Open(folder) : null;
            foreach (string note in notes)
                Messages.Note(note);
            var scores = SampleScore.Of(predictions, synonyms, cancellation);
            var result = answers ? TextSummary.OfAnswers(scores, bootstrap, synonyms is not null, cancellation)
                : TextSummary.OfReports(scores, bootstrap, synonyms is not null, cancellation);
            if (parsed.GetValue(table) is { } output)
                ScoreTable.Write(output, scores, answers);
            if (summary.IsJson(parsed))
                foreach (var score in scores)
                    Console.WriteLine(SummaryText.Json(score, answers));
            summary.Print(parsed, result);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Findings()
    {
        var file = Verb.Files<string>("file", "Predicted reports, as for 'hsenet score report'.", ArgumentArity.ExactlyOne);
        var summary = new SummaryArguments();
        var verbose = Verb.Verbose();
        var command = new Command("findings", """
            Reads nodules, effusions, consolidations, emphysema, calcifications, enlarged hearts and pneumothoraces out of both texts by rules,
            and compares them: F1 by kind, and of what was hit the side, the lobe, the number and the median error of the size.

            Example:
              hsenet score findings predictions.jsonl
            """)
        { file, verbose };
        summary.AddAll(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            var bootstrap = summary.Bootstrap(parsed);
            var predictions = PredictionFile.Read(parsed.GetRequiredValue(file), out var notes);
            foreach (string note in notes)
                Messages.Note(note);
            summary.Print(parsed, FindingSummary.Of(predictions, bootstrap, cancellation));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Retrieval()
    {
        var file = Verb.Files<string>("file",
            """An object on each line: {"id", "image": [numbers], "text": [numbers], "labels": [0 or 1]}.""",
            ArgumentArity.ExactlyOne);
        var summary = new SummaryArguments();
        var verbose = Verb.Verbose();
        var command = new Command("retrieval", """
            Scores embeddings of volumes and of their reports: recall both ways and, with labels, volume to volume.

            Example:
              hsenet score retrieval embeddings.jsonl
            """)
        { file, verbose };
        summary.AddAll(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            var bootstrap = summary.Bootstrap(parsed);
            summary.Print(parsed, RetrievalSummary.Of(EmbeddedStudy.Read(parsed.GetRequiredValue(file)), bootstrap, cancellation));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
