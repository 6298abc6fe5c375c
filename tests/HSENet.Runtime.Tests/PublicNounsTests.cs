// An embedder learns few nouns: a new one needs a reason here.
namespace HSENet.Runtime.Tests;

public class PublicNounsTests
{
    // 24, and three since a study is encoded once: EncodedStudy and Conversation are what questions are put to, ReportProgress is what a
    // program's progress bar gets. ModelBusyException is what a service answers with "later".
    // Four for retrieval: a StudyEmbedder makes what a VolumeIndex holds, IndexedItem and SearchHit are what comes out of it.
    const int Most = 32;

    [Fact]
    public void The_library_has_few_public_nouns()
    {
        string[] nouns = [.. typeof(HseNetModel).Assembly.GetExportedTypes().Where(type => !type.IsNested).Select(type => type.Name)];
        Assert.True(nouns.Length <= Most, $"{nouns.Length}: {string.Join(", ", nouns.Order())}");
    }
}
