// hsenet ask: questions about one CT, which is encoded once.
using System.CommandLine;
using HSENet.Runtime;

namespace HSENet.Cli;

static class AskCommand
{
    const string SavedExtension = ".safetensors";

    public static Command Create()
    {
        var scan = Verb.Files<string>("scan",
            $"A CT: a NIfTI file, a DICOM folder or zip, a finished volume as .npy, or what --save wrote ({SavedExtension}).",
            ArgumentArity.ExactlyOne);
        var questions = new Argument<string[]>("question")
        {
            Description = "What is asked of it; without a question, lines of the input are asked one after another.",
            Arity = ArgumentArity.ZeroOrMore
        };
        var chat = new Option<bool>("--chat")
        {
            Description = "Each question follows the earlier ones and their answers; otherwise it stands alone, as models are trained."
        };
        var save = new Option<string?>("--save")
        {
            Description = $"Keep the encoded study in this file ({SavedExtension}), from which later questions start at once."
        };
        var arguments = new AnswerArguments(ReportOptions.DefaultAnswerTokens);
        var command = new Command("ask", """
            Answers questions about a CT. The study is encoded once: a further question reads its own words only.

            Examples:
              hsenet ask scan.nii.gz "Is there a pleural effusion?" --weights model
              hsenet ask scan.nii.gz "Is there a nodule?" "Where is it?" --chat --weights model
              hsenet ask scan.nii.gz --weights model
              hsenet ask scan.nii.gz "Is there a nodule?" --save study.safetensors --weights model
              hsenet ask study.safetensors "Are there calcifications?" --weights model
            """)
        { scan, questions, chat, save };
        arguments.AddAll(command);
        command.Run(arguments.Verbose, async (parsed, cancellation) =>
        {
            string file = parsed.GetRequiredValue(scan);
            string[] asked = parsed.GetValue(questions) ?? [];
            var options = arguments.Options(parsed, NamedAdapter.QuestionTask, Prompt.DefaultQuestion);
            if (Array.FindIndex(asked, string.IsNullOrWhiteSpace) is >= 0 and int empty)
                throw new HseNetException($"question {empty + 1} is empty: expected words");
            string? kept = parsed.GetValue(save);
            if (kept is not null && !kept.EndsWith(SavedExtension, StringComparison.OrdinalIgnoreCase))
                throw new HseNetException($"--save {kept}: expected a name that ends in {SavedExtension}");
            var studies = arguments.Study.Opener(parsed, cancellation);
            var writer = arguments.Writer(parsed);
            using var device = arguments.OpenDevice(parsed);
            using var model = await arguments.OpenModel(parsed, device, writer, cancellation).ConfigureAwait(false);
            using var encoded = await Encode(model, file, studies, writer, cancellation).ConfigureAwait(false);
            using var conversation = parsed.GetValue(chat) ? encoded.Chat() : null;
            int code = ExitCode.Done;
            bool first = true;
            // Of a typed question the terminal has the words already.
            bool typed = asked.Length == 0 && !Console.IsInputRedirected;
            foreach (string question in asked.Length > 0 ? asked : Lines(typed, cancellation))
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    writer.Begin(file, typed || asked.Length == 1 ? null : question, question);
                    var own = options with
                    {
                        Question = question,
                        Progress = new DirectProgress<ReportProgress>(stands => writer.Stage(encoded.Notes, stands)),
                    };
                    // The first answer is the one that waited for the encoders.
                    await writer.Write(conversation?.Ask(question, own, cancellation) ?? encoded.Ask(question, own, cancellation),
                        cancellation, first ? encoded.WithEncoding : null).ConfigureAwait(false);
                    first = false;
                }
                catch (Exception e) when (e.IsOfOneItem())
                {
                    // The next question may do.
                    code = Math.Max(code, writer.Failed(file, e));
                }
            }
            if (kept is not null)
                encoded.Save(kept);
            return code;
        });
        return command;
    }

    static async Task<EncodedStudy> Encode(HseNetModel model, string file, StudyOpener studies, ReportWriter writer,
        CancellationToken cancellation)
    {
        writer.Begin(file, null);
        try
        {
            if (file.EndsWith(SavedExtension, StringComparison.OrdinalIgnoreCase))
                return model.LoadEncoded(file);
            // A question is asked of one study.
            using var study = studies.Open(new FoundStudy(file, "", null));
            return await model.EncodeAsync(study, new DirectProgress<ReportProgress>(stands => writer.Stage(study.Notes, stands)),
                cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e.IsOfOneItem())
        {
            writer.Refused(file, e);
            throw;
        }
    }

    // Until the input ends.
    static IEnumerable<string> Lines(bool typed, CancellationToken cancellation)
    {
        while (true)
        {
            if (typed)
                Console.Error.Write("> ");
            // Reading a terminal cannot be cancelled: the wait for it can.
            var read = Task.Run(Console.In.ReadLine, CancellationToken.None);
            read.Wait(cancellation);
            if (read.Result is not { } line)
                yield break;
            if (!string.IsNullOrWhiteSpace(line))
                yield return line.Trim();
        }
    }
}
