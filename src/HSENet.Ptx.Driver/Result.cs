// The results of the driver API that this driver gives, by their names in cuda.h.
namespace HSENet.Ptx.Driver;

/// <summary>Codes of CUresult.</summary>
enum Result
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    InvalidDevice = 101,
    InvalidContext = 201,
    NoBinaryForGpu = 209,
    InvalidPtx = 218,
    InvalidHandle = 400,
    NotFound = 500,
    NotReady = 600,
    LaunchFailed = 719,
    NotSupported = 801,
    Unknown = 999,
}

/// <summary>A call that cannot be done; the message, when there is one, goes to stderr.</summary>
sealed class DriverException(Result result, string message = "") : Exception(message)
{
    public Result Result { get; } = result;
}

static class ResultNames
{
    /// <summary>Name as in cuda.h, and a description; null for a code that is none.</summary>
    public static (string Name, string Text)? Of(int result) => (Result)result switch
    {
        Result.Success => ("CUDA_SUCCESS", "no error"),
        Result.InvalidValue => ("CUDA_ERROR_INVALID_VALUE", "invalid argument"),
        Result.OutOfMemory => ("CUDA_ERROR_OUT_OF_MEMORY", "out of memory"),
        Result.NotInitialized => ("CUDA_ERROR_NOT_INITIALIZED", "initialization error"),
        Result.InvalidDevice => ("CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"),
        Result.InvalidContext => ("CUDA_ERROR_INVALID_CONTEXT", "invalid device context"),
        Result.NoBinaryForGpu => ("CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"),
        Result.InvalidPtx => ("CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"),
        Result.InvalidHandle => ("CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"),
        Result.NotFound => ("CUDA_ERROR_NOT_FOUND", "named symbol not found"),
        Result.NotReady => ("CUDA_ERROR_NOT_READY", "device not ready"),
        Result.LaunchFailed => ("CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"),
        Result.NotSupported => ("CUDA_ERROR_NOT_SUPPORTED", "operation not supported"),
        Result.Unknown => ("CUDA_ERROR_UNKNOWN", "unknown error"),
        _ => null,
    };
}
