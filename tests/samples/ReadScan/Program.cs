// A program that takes HSENet from its packages: reads a CT and speaks.
using HSENet.Kernels;
using HSENet.Runtime;

using Device device = args is [_, _, "emulator"] ? new EmulatorDevice() : new HostDevice();
using var model = HseNetModel.Open(args[0], device);
using var study = CtStudy.Open(args[1]);
foreach (string piece in model.Report(study))
    Console.Write(piece);
Console.WriteLine();
