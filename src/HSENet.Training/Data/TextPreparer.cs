// Makes the ids and labels of a sample; what is drawn for it follows from seed, epoch and row.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>The words of a training's samples as ids.</summary>
sealed class TextPreparer
{
    readonly TrainingConfig _config;
    readonly int _visualTokens;
    readonly QuestionTemplates _questions, _reportQuestions;
    readonly LanguageTokenizer? _language;
    readonly TextEncoderTokenizer? _text;
    readonly int _limit;

    /// <summary>Opens the tokenizer and the templates that the task reads.</summary>
    /// <exception cref="HseNetFileException">One cannot be used, or the limit leaves no room.</exception>
    public TextPreparer(TrainingConfig config, ModelConfig model)
    {
        _config = config;
        _visualTokens = config.Task.Sees() ? model.VisualTokens : 0;
        _questions = config.Templates is { } file ? QuestionTemplates.Read(file, config.Task) : QuestionTemplates.Default(config.Task);
        _reportQuestions = config.Task == TrainingTask.Language ? QuestionTemplates.Report : _questions;
        _limit = config.MaxLength;
        if (!config.Task.Reads())
            return;
        if (!config.Task.IsStage())
        {
            _language = LanguageTokenizer.Open(config.Weights);
            if (_limit <= _visualTokens + 2 || _limit > model.LanguageModel.MaxPositionEmbeddings)
                throw new HseNetException($"max_length is {_limit}; expected more than the {_visualTokens} visual tokens and at most the "
                    + $"model's {model.LanguageModel.MaxPositionEmbeddings} positions");
        }
        else
        {
            _text = TextEncoderTokenizer.Open(config.Weights);
            _limit = Math.Min(_limit, model.TextEncoder?.MaxPositionEmbeddings
                ?? throw new HseNetFileException(config.Weights, "has no text encoder",
                    "a folder converted with ConversionOptions.TextEncoder"));
        }
    }

    /// <summary>Ids and labels of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="place">Where it stands; a negative epoch is the validation, which asks the same every time.</param>
    /// <exception cref="HseNetException">Nothing of the answer fits within the limit, or a word is too long.</exception>
    public (int[] Ids, int[] Labels) Prepare(ManifestRow row, SamplePlace place)
    {
        if (!_config.Task.Reads())
            return ([], []);
        if (_text is not null)
            return (ReportText.Shortened(_text, ReportText.Clean(row.Text!), _limit, Draws("sentences")), []);
        bool reports = _config.Task == TrainingTask.Report || _config.Task == TrainingTask.Language && row.Text is not null;
        string question = row.Question is { } asked && !reports ? asked
            : (reports ? _reportQuestions : _questions).Draw(Draws("question"), row.Abnormality);
        string answer = reports ? ReportText.Clean(row.Text!) : row.Question is null ? row.Anatomy! : row.Answer!;
        if (!_config.Task.Sees())
            return TrainingText.Whole(_language!, question, answer, _limit);
        var (ids, labels) = TrainingText.Answered(_language!, _visualTokens, question, answer, _limit);
        return Array.Exists(labels, label => label >= 0) ? (ids, labels)
            : throw new HseNetException($"the question alone fills the {_limit} tokens of max_length; expected room for an answer");

        SeededDraws Draws(string what) => new(_config.Seed, what, place.Epoch, place.Row);
    }
}
