// A summary of scores as a table for people and as JSON for machines.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using HSENet.Evaluation;

namespace HSENet.Cli;

static class SummaryText
{
    /// <summary>Figures with their intervals, then the tables.</summary>
    public static string Table(Summary summary)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{summary.Task}: {summary.Samples} samples of {summary.Studies} studies");
        text.AppendLine(summary.Bootstrap.Resamples == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $"; 95 % intervals of {summary.Bootstrap.Resamples} draws of studies, seed {summary.Bootstrap.Seed}"));
        int width = summary.Figures.Max(figure => figure.Name.Length);
        foreach (var figure in summary.Figures)
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"  {figure.Name.PadRight(width)}  {figure.Value,8:F4}")
                + (double.IsNaN(figure.Low) ? "" : string.Create(CultureInfo.InvariantCulture, $"  {figure.Low:F4} to {figure.High:F4}")));
        foreach (var table in summary.Tables)
        {
            int first = Math.Max(table.Name.Length, table.Rows.Max(row => row.Name.Length));
            text.AppendLine().Append(table.Name.PadRight(first));
            foreach (string column in table.Columns)
                text.Append("  ").Append(column.PadLeft(9));
            text.AppendLine();
            foreach (var (name, values) in table.Rows)
            {
                text.Append(name.PadRight(first));
                foreach (var (column, value) in table.Columns.Zip(values))
                    text.Append("  ").Append(value.ToString(column is "samples" or "support" ? "F0" : "F4", CultureInfo.InvariantCulture)
                        .PadLeft(Math.Max(9, column.Length)));
                text.AppendLine();
            }
        }
        return text.ToString();
    }

    /// <summary>All of a summary.</summary>
    public static string Json(Summary summary) => ToJson(summary).ToJsonString(ReportWriter.Json);

    /// <summary>The same, to be added to.</summary>
    public static JsonObject ToJson(Summary summary)
    {
        var figures = new JsonObject();
        foreach (var figure in summary.Figures)
            figures[figure.Name] = double.IsNaN(figure.Low) ? new JsonObject { ["value"] = figure.Value }
                : new JsonObject { ["value"] = figure.Value, ["low"] = figure.Low, ["high"] = figure.High };
        var tables = new JsonObject();
        foreach (var table in summary.Tables)
            tables[table.Name] = new JsonArray([.. table.Rows.Select(row =>
            {
                var values = new JsonObject { ["name"] = row.Name };
                foreach (var (column, value) in table.Columns.Zip(row.Values))
                    values[column] = value;
                return values;
            })]);
        return new JsonObject
        {
            ["task"] = summary.Task,
            ["samples"] = summary.Samples,
            ["studies"] = summary.Studies,
            ["figures"] = figures,
            ["tables"] = tables,
            ["bootstrap"] = new JsonObject
            {
                ["resamples"] = summary.Bootstrap.Resamples,
                ["seed"] = summary.Bootstrap.Seed,
                ["confidence"] = Bootstrap.Confidence
            },
            ["notes"] = new JsonArray([.. summary.Notes.Select(note => (JsonNode)OptionNames.In(note))]),
        };
    }

    /// <summary>The scores of one prediction.</summary>
    public static string Json(SampleScore score, bool answer)
    {
        var json = new JsonObject
        {
            ["study"] = score.Prediction.Study,
            ["bleu"] = score.Bleu.Bleu,
            ["precisions"] = new JsonArray([.. score.Bleu.Precisions.Select(precision => (JsonNode)precision)]),
            ["brevity_penalty"] = score.Bleu.BrevityPenalty,
            ["prediction_length"] = score.Bleu.PredictionLength,
            ["reference_length"] = score.Bleu.ReferenceLength,
            ["rouge1"] = Rouge(score.Rouge1),
            ["rouge2"] = Rouge(score.Rouge2),
            ["rougeL"] = Rouge(score.RougeL),
            ["meteor"] = score.Meteor,
        };
        if (score.Prediction.BertF1 is { } bert)
            json["bert_f1"] = bert;
        if (answer)
        {
            json["acc_class"] = score.IsClassRight ? 1 : 0;
            json["acc_text"] = score.IsTextRight ? 1 : 0;
            json["true_class"] = score.WantedClass;
            json["predicted_class"] = score.PredictedClass;
        }
        return json.ToJsonString(ReportWriter.Json);

        static JsonObject Rouge(RougeScore rouge) => new() { ["precision"] = rouge.Precision, ["recall"] = rouge.Recall, ["f"] = rouge.F };
    }
}
