// The names of all results of the driver API, as programs print them.
using System.Globalization;

namespace HSENet.Ptx.Driver;

static class ErrorNames
{
    static readonly Dictionary<int, (string Name, string Text)> All = Read("""
        0 SUCCESS no error
        1 INVALID_VALUE invalid argument
        2 OUT_OF_MEMORY out of memory
        3 NOT_INITIALIZED initialization error
        4 DEINITIALIZED driver shutting down
        5 PROFILER_DISABLED profiler disabled
        6 PROFILER_NOT_INITIALIZED profiler not initialized
        7 PROFILER_ALREADY_STARTED profiler already started
        8 PROFILER_ALREADY_STOPPED profiler already stopped
        34 STUB_LIBRARY the library is a stub
        46 DEVICE_UNAVAILABLE device busy or unavailable
        100 NO_DEVICE no CUDA-capable device is detected
        101 INVALID_DEVICE invalid device ordinal
        102 DEVICE_NOT_LICENSED device has no valid licence
        200 INVALID_IMAGE device kernel image is invalid
        201 INVALID_CONTEXT invalid device context
        202 CONTEXT_ALREADY_CURRENT context already current
        205 MAP_FAILED mapping failed
        206 UNMAP_FAILED unmapping failed
        207 ARRAY_IS_MAPPED array is mapped
        208 ALREADY_MAPPED resource already mapped
        209 NO_BINARY_FOR_GPU no kernel image is available for execution on the device
        210 ALREADY_ACQUIRED resource already acquired
        211 NOT_MAPPED resource not mapped
        212 NOT_MAPPED_AS_ARRAY resource not mapped as array
        213 NOT_MAPPED_AS_POINTER resource not mapped as pointer
        214 ECC_UNCORRECTABLE uncorrectable ECC error
        215 UNSUPPORTED_LIMIT limit is not supported
        216 CONTEXT_ALREADY_IN_USE context is used by another thread
        217 PEER_ACCESS_UNSUPPORTED peer access is not supported
        218 INVALID_PTX a PTX JIT compilation failed
        219 INVALID_GRAPHICS_CONTEXT invalid graphics context
        220 NVLINK_UNCORRECTABLE uncorrectable NVLink error
        221 JIT_COMPILER_NOT_FOUND PTX JIT compiler library not found
        222 UNSUPPORTED_PTX_VERSION the PTX version is not supported
        223 JIT_COMPILATION_DISABLED PTX JIT compilation is disabled
        224 UNSUPPORTED_EXEC_AFFINITY execution affinity is not supported
        225 UNSUPPORTED_DEVSIDE_SYNC device-side synchronization is not supported
        226 CONTAINED contained error
        300 INVALID_SOURCE invalid source
        301 FILE_NOT_FOUND file not found
        302 SHARED_OBJECT_SYMBOL_NOT_FOUND shared object symbol not found
        303 SHARED_OBJECT_INIT_FAILED shared object initialization failed
        304 OPERATING_SYSTEM operating system call failed
        400 INVALID_HANDLE invalid resource handle
        401 ILLEGAL_STATE illegal state
        402 LOSSY_QUERY the query loses information
        500 NOT_FOUND named symbol not found
        600 NOT_READY device not ready
        700 ILLEGAL_ADDRESS an illegal memory access was encountered
        701 LAUNCH_OUT_OF_RESOURCES too many resources requested for launch
        702 LAUNCH_TIMEOUT the launch timed out and was terminated
        703 LAUNCH_INCOMPATIBLE_TEXTURING launch uses incompatible texturing mode
        704 PEER_ACCESS_ALREADY_ENABLED peer access is already enabled
        705 PEER_ACCESS_NOT_ENABLED peer access has not been enabled
        708 PRIMARY_CONTEXT_ACTIVE primary context is active
        709 CONTEXT_IS_DESTROYED context is destroyed
        710 ASSERT device-side assert triggered
        711 TOO_MANY_PEERS peer mapping resources exhausted
        712 HOST_MEMORY_ALREADY_REGISTERED host memory is already registered
        713 HOST_MEMORY_NOT_REGISTERED host memory is not registered
        714 HARDWARE_STACK_ERROR hardware stack error
        715 ILLEGAL_INSTRUCTION an illegal instruction was encountered
        716 MISALIGNED_ADDRESS misaligned address
        717 INVALID_ADDRESS_SPACE operation not supported on this address space
        718 INVALID_PC invalid program counter
        719 LAUNCH_FAILED unspecified launch failure
        720 COOPERATIVE_LAUNCH_TOO_LARGE too many blocks in cooperative launch
        721 TENSOR_MEMORY_LEAK tensor memory was not freed
        800 NOT_PERMITTED operation not permitted
        801 NOT_SUPPORTED operation not supported
        802 SYSTEM_NOT_READY system not yet initialized
        803 SYSTEM_DRIVER_MISMATCH driver and library versions do not match
        804 COMPAT_NOT_SUPPORTED_ON_DEVICE forward compatibility is not supported
        805 MPS_CONNECTION_FAILED MPS client failed to connect
        806 MPS_RPC_FAILURE MPS call failed
        807 MPS_SERVER_NOT_READY MPS server is not ready
        808 MPS_MAX_CLIENTS_REACHED too many MPS clients
        809 MPS_MAX_CONNECTIONS_REACHED too many MPS connections
        810 MPS_CLIENT_TERMINATED MPS client was terminated
        811 CDP_NOT_SUPPORTED dynamic parallelism is not supported
        812 CDP_VERSION_MISMATCH dynamic parallelism version mismatch
        900 STREAM_CAPTURE_UNSUPPORTED operation not permitted when stream is capturing
        901 STREAM_CAPTURE_INVALIDATED operation failed due to a previous error during capture
        902 STREAM_CAPTURE_MERGE operation would result in a merge of separate capture sequences
        903 STREAM_CAPTURE_UNMATCHED capture was not ended in the same stream as it began
        904 STREAM_CAPTURE_UNJOINED capturing stream has unjoined work
        905 STREAM_CAPTURE_ISOLATION dependency created on uncaptured work in another stream
        906 STREAM_CAPTURE_IMPLICIT operation would make the legacy stream depend on a capturing blocking stream
        907 CAPTURED_EVENT operation not permitted on an event last recorded in a capturing stream
        908 STREAM_CAPTURE_WRONG_THREAD attempt to terminate a thread-local capture sequence from another thread
        909 TIMEOUT wait operation timed out
        910 GRAPH_EXEC_UPDATE_FAILURE the graph update was not performed because it included changes which violated constraints
        911 EXTERNAL_DEVICE an error outside of CUDA occurred
        912 INVALID_CLUSTER_SIZE a kernel launch error has occurred due to cluster misconfiguration
        913 FUNCTION_NOT_LOADED function is not loaded
        914 INVALID_RESOURCE_TYPE invalid resource type
        915 INVALID_RESOURCE_CONFIGURATION invalid resource configuration
        916 KEY_ROTATION key rotation
        999 UNKNOWN unknown error
        """);

    /// <summary>Name as in cuda.h, and a description; null for a code that is none.</summary>
    public static (string Name, string Text)? Of(int result) => All.TryGetValue(result, out var found) ? found : null;

    static Dictionary<int, (string, string)> Read(string table) => table.Split('\n').Select(line => line.Split(' ', 3))
        .ToDictionary(words => int.Parse(words[0], CultureInfo.InvariantCulture),
            words => (words[0] == "0" ? "CUDA_" : "CUDA_ERROR_") is var prefix ? (prefix + words[1], words[2]) : default);
}
