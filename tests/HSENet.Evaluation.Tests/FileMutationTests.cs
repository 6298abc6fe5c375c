// The readers of predictions, embeddings and labels against random damage.
using System.Text;
using HSENet.Tests;

namespace HSENet.Evaluation.Tests;

public sealed class FileMutationTests
{
    [Fact]
    public void Tables_of_predictions() => Check("p.csv", """
        id,Question,Ground Truth,pred,bert_f1
        1,Where?,"The lungs, both, are ""clear"".",Clear lungs.,0.91
        2,Where?,"Two
        lines.",,0.5
        """, file => Assert.NotEmpty(PredictionFile.Read(file, out _)));

    [Fact]
    public void Lines_of_predictions() => Check("p.jsonl", """
        {"id": "a", "question": "Where?", "answer": "Lung/Left \u00e9", "prediction": "", "bert_f1": 0.25, "rank": [1, {"n": null}]}
        {"id": "b", "answer": "Heart", "prediction": "Heart", "bert_f1": 1e-3}
        """, file => Assert.NotEmpty(PredictionFile.Read(file, out _)));

    [Fact]
    public void Embeddings() => Check("e.jsonl", """
        {"id": "a", "image": [1, 0.5], "text": [-1e-3, 2], "labels": [0, 1]}
        {"id": 7, "image": [0, 0.25], "text": [3, 4], "labels": [1, 1]}
        """, file => Assert.All(EmbeddedStudy.Read(file), study => Assert.All(study.Image, value => Assert.True(float.IsFinite(value)))));

    [Fact]
    public void Labels() => Check("l.csv", "VolumeName,Nodule,\"Pleural, effusion\"\nvalid_1_a_1.nii.gz,1,0\nvalid_2_a_1.nii.gz,0.0,1\n",
        file => Assert.Equal(2, LabelTable.Read(file).Get("folder/valid_1_a_1_3D_features.npy").Length));

    static void Check(string name, string content, Action<string> read) => Mutations.Check([Encoding.UTF8.GetBytes(content)], damaged =>
    {
        using var folder = new TemporaryFolder();
        read(folder.Write(name, damaged));
    });
}
