// The metadata table of a collection: CT-RATE's form, quoted fields, what is refused.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class MetadataTableTests
{
    const string Header = "VolumeName,Manufacturer,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing\n";

    [Fact]
    public void Ct_rate_rows_are_found_by_file_name()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("metadata.csv", System.Text.Encoding.UTF8.GetBytes(
            "\ufeff" + Header + "valid_1_a_1.nii.gz,\"Acme, \"\"Inc\"\"\nBerlin\",1.0,-1024.0,\"[0.75, "
                + "0.8]\",1.5\r\n\r\nvalid_2_a_1.nii.gz,,,,0.5,\n"));
        MetadataTable table = MetadataTable.Read(path);
        Assert.Equal(2, table.Count);
        Assert.Equal(new VolumeMetadata(1, -1024, (0.75, 0.8), 1.5), table.Get("/data/valid_1_a_1.nii.gz"));
        Assert.Equal(new VolumeMetadata(null, null, (0.5, 0.5), null), table.Get(@"C:\data\valid_2_a_1.npy"));
        Assert.Contains("no row for the volume 'valid_3'", Assert.Throws<HseNetFileException>(() => table.Get("valid_3.nii")).Message);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,b\n1,2\n", "does not have the columns")]
    [InlineData("VolumeName,b\n1,2\n", "does not have the columns")]
    [InlineData(Header + "\"a,,1,,,\n", "line 2 has a quote that is not closed")]
    [InlineData(Header + "\"a\"b,,1,,,\n", "line 2 has text behind a closing quote")]
    public void A_table_that_cannot_be_meant_is_refused(string csv, string part) =>
        Assert.Contains(part, Assert.Throws<HseNetFileException>(() => MetadataTable.Read(new StringReader(csv), "metadata.csv")).Message);

    [Theory]
    [InlineData(Header + "a,,x,,,\n", "line 2 has 'x' as RescaleSlope; expected a number")]
    [InlineData(Header + "a,,NaN,,,\n", "line 2 has 'NaN' as RescaleSlope")]
    [InlineData(Header + "b,\"m\nn\",,,,\na,,,,,0\n", "line 4 has '0' as ZSpacing; expected a positive number")]
    [InlineData(Header + "a,,,,\"[1,2,3]\",\n", "as XYSpacing; expected a positive number or [x, y]")]
    [InlineData(Header + "a,,1\n", "line 2 has 3 fields; expected 6")]
    [InlineData(Header + "a,,1,,,\na.nii,,2,,,\n", "line 3 gives other values for a volume of a line before")]
    public void A_row_that_cannot_be_meant_matters_to_its_volume_alone(string csv, string part)
    {
        MetadataTable table = MetadataTable.Read(new StringReader(csv + "other.nii,,1,-1024,,\n"), "metadata.csv");
        Assert.Contains(part, Assert.Throws<HseNetFileException>(() => table.Get("a.nii.gz")).Message);
        Assert.Equal(new VolumeMetadata(1, -1024, null, null), table.Get("other.nii"));
        Assert.Equal(1, table.Unusable);
    }

    [Fact]
    public void A_row_may_be_there_twice_if_it_says_the_same()
    {
        MetadataTable table = MetadataTable.Read(new StringReader(Header + "a,,1,,,\na.nii,,1,,,\n"), "metadata.csv");
        Assert.Equal(new VolumeMetadata(1, null, null, null), table.Get("a"));
        Assert.Equal(0, table.Unusable);
    }
}
