// Synonyms from a small database in WordNet's own format.
using HSENet.Runtime;

namespace HSENet.Evaluation.Tests;

public sealed class WordNetTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("hsenet-wordnet").FullName;

    public WordNetTests()
    {
        Write("data.noun", """
              1 This software and database is being provided to you
            00001740 03 n 02 lesion 0 wound 1 001 @ 00001930 n 0000 | an injury
            00001930 03 n 03 picture 0 image 0 visual_image 0 000 | a representation
            00002137 03 n 01 man 0 000 | a person
            """);
        Write("data.verb", "00001740 29 v 02 display 0 exhibit 2 000 01 + 02 00 | show\n00001930 29 v 01 See 0 000 01 + 02 00 | "
            + "look\n00002000 29 v 02 run 0 operate 3 000 01 + 02 00 | work\n");
        Write("data.adj", "00001740 00 a 02 enlarged 0 galore(ip) 0 000 | big\n");
        Write("data.adv", "00001740 02 r 01 well 0 000 | good\n");
        Write("verb.exc", "saw see\nran run\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    void Write(string file, string content) => File.WriteAllText(Path.Combine(_folder, file), content);

    [Theory]
    [InlineData("lesion", "wound", true)]
    [InlineData("lesions", "wound", true)]
    [InlineData("wound", "lesion", true)]
    [InlineData("wound", "lesions", false)]
    [InlineData("exhibited", "display", true)]
    [InlineData("displaying", "exhibit", true)]
    [InlineData("saw", "See", true)]
    [InlineData("ran", "operate", true)]
    [InlineData("men", "man", true)]
    [InlineData("galore", "enlarged", true)]
    [InlineData("image", "visual_image", false)]
    [InlineData("lesion", "image", false)]
    [InlineData("", "", false)]
    public void Knows_synonyms(string word, string other, bool expected) =>
        Assert.Equal(expected, WordNet.Open(_folder).AreSynonyms(word, other));

    [Fact]
    public void Synonyms_raise_the_score()
    {
        WordNet synonyms = WordNet.Open(_folder);
        double without = Meteor.Score("The wound is clear.", "The lesion is clear.");
        Assert.True(without < Meteor.Score("The wound is clear.", "The lesion is clear.", synonyms));
        // Stems are looked up, as in the reference: "pictur" and "imag" are in no database.
        Assert.Equal(Meteor.Score("The picture is clear.", "The image is clear."),
            Meteor.Score("The picture is clear.", "The image is clear.", synonyms));
    }

    [Theory]
    [InlineData("", "there is no synonym set")]
    [InlineData("00001740 03 n\n", "line 1 is no synonym set")]
    [InlineData("00001740 03 n ff a 0 000 | b\n", "line 1 is no synonym set")]
    public void Refuses_other_files(string content, string problem)
    {
        Write("data.adj", content);
        var thrown = Assert.Throws<HseNetFileException>(() => WordNet.Open(_folder));
        Assert.Equal($"{Path.Combine(_folder, "data.adj")}: {problem}; expected a data file of WordNet 3", thrown.Message);
        File.Delete(Path.Combine(_folder, "data.adj"));
        Assert.Contains("no such file", Assert.Throws<HseNetFileException>(() => WordNet.Open(_folder)).Message);
    }
}
