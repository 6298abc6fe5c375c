// Hashes and cache keys do not depend on where a program runs.
using System.Globalization;
using HSENet.Runtime;

namespace HSENet.Training.Tests;

public class InvariantTextTests
{
    [Fact]
    public void Numbers_of_a_record_have_one_text_in_every_culture()
    {
        var row = new VolumeMetadata(1.5, -1024, (0.75, 0.75), 2.5);
        var before = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = comma;
            Assert.Contains("1,5", row.ToString(), StringComparison.Ordinal); // the culture has its effect
            string text = InvariantText.Of(row);
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            Assert.Equal(row.ToString(), text);
            Assert.Equal("", InvariantText.Of(null));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
