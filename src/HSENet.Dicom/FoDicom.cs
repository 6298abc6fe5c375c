// Sets fo-dicom up once, with the native codecs if they are part of the build.
using FellowOakDicom;
using FellowOakDicom.Imaging.Codec;
#if FO_DICOM_CODECS
using Manager = FellowOakDicom.Imaging.NativeCodec.NativeTranscoderManager;
#else
using Manager = FellowOakDicom.Imaging.Codec.DefaultTranscoderManager;
#endif

namespace HSENet.Dicom;

static class FoDicom
{
    static readonly Lazy<ITranscoderManager> Codecs = new(() =>
    {
        new DicomSetupBuilder()
            .RegisterServices(services => services.AddFellowOakDicom().AddTranscoderManager<Manager>())
            .SkipValidation()
            .Build();
        return new Manager();
    });

    /// <summary>The codecs; asking for them sets fo-dicom up.</summary>
    public static ITranscoderManager Transcoders => Codecs.Value;
}
