// A profile as JSON: the sums, and the counters by instruction.
using System.Text.Json;

namespace HSENet.Ptx;

/// <summary>Writes a profile for programs.</summary>
public static class ProfileJson
{
    /// <summary>Writes one object.</summary>
    public static void Write(KernelProfile profile, Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("kernel", profile.Facts.EntryName);
        writer.WriteString("gpu", profile.Gpu.Key);
        writer.WriteBoolean("measured_on_hardware", false);
        foreach ((string name, long value) in Counts(profile))
            writer.WriteNumber(name, value);
        Write(writer, "instructions_by_class", profile.InstructionsByClass);
        Write(writer, "operations_by_type", profile.OperationsByType);
        Write(writer, "tensor_operations_by_type", profile.TensorOperationsByType);
        foreach ((string name, double value) in Ratios(profile))
            writer.WriteNumber(name, value);
        if (profile.AssembledRegisters is { } registers)
            writer.WriteNumber("registers", registers);
        if (profile is { Machine: { } machine, MachineBound: { } bound })
        {
            writer.WriteNumber("machine_instructions", machine.WarpInstructions);
            writer.WriteNumber("machine_bound_us", bound.Microseconds);
            writer.WriteNumber("machine_bound_warm_us", bound.WarmMicroseconds);
        }
        if (profile.UsefulOperations is { } useful)
            writer.WriteNumber("useful_operations", useful);
        writer.WriteString("occupancy_limit", profile.Occupancy.Limit);
        writer.WriteString("issue_limit", profile.Bound.IssueLimit);
        writer.WriteString("bound", profile.Bound.Name);
        writer.WriteStartArray("instructions");
        for (int n = 0; n < profile.Counts.Instructions.Count; n++)
            WriteInstruction(writer, profile.Counts, n);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    static IEnumerable<(string, long)> Counts(KernelProfile p) =>
    [
        ("blocks", p.Counts.Blocks), ("blocks_run", p.Counts.BlocksRun), ("threads", p.Counts.Threads),
            ("warp_instructions", p.WarpInstructions),
            ("lane_instructions", p.LaneInstructions),
        ("operations", p.Operations), ("global_requests", p.GlobalRequests), ("global_sectors", p.GlobalSectors),
        ("global_bytes_moved", p.GlobalBytesMoved), ("global_bytes_asked", p.GlobalBytesAsked), ("memory_bytes", p.MemoryBytes),
        ("shared_requests", p.SharedRequests), ("shared_wavefronts", p.SharedWavefronts), ("bank_conflicts", p.BankConflicts),
        ("local_requests", p.LocalRequests), ("async_copy_depth", p.Counts.AsyncCopyDepth), ("barriers", p.Barriers),
            ("branches", p.Branches),
        ("divergent_branches", p.DivergentBranches), ("live_registers_estimate", p.Facts.EstimatedLiveRegisters),
        ("shared_bytes_per_block", p.SharedBytesPerBlock), ("resident_blocks", p.Occupancy.Blocks), ("resident_warps", p.Occupancy.Warps),
    ];

    static IEnumerable<(string, double)> Ratios(KernelProfile p) =>
    [
        ("lane_share", p.LaneShare), ("sectors_per_request", p.SectorsPerRequest), ("tensor_share", p.TensorShare),
            ("occupancy", p.Occupancy.Share),
        ("arithmetic_intensity", p.ArithmeticIntensity), ("memory_us", p.Bound.Memory), ("l2_us", p.Bound.Level2),
        ("tensor_us", p.Bound.Tensor), ("issue_us", p.Bound.Issue), ("bound_us", p.Bound.Microseconds),
        ("busy_multiprocessors", p.Spread.Busy), ("waves", p.Spread.Waves), ("tera_per_second_at_bound", p.TeraPerSecondAtBound),
    ];

    static void Write(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, long> values)
    {
        writer.WriteStartObject(name);
        foreach ((string key, long value) in values)
            writer.WriteNumber(key, value);
        writer.WriteEndObject();
    }

    static void WriteInstruction(Utf8JsonWriter writer, LaunchProfile counts, int n)
    {
        writer.WriteStartObject();
        writer.WriteNumber("line", counts.Instructions[n].Line);
        writer.WriteString("text", counts.Instructions[n].ToString());
        writer.WriteNumber("warps", counts.WarpInstructions[n]);
        writer.WriteNumber("lanes", counts.ActiveLanes[n]);
        // What an instruction does not do is left out.
        foreach ((string name, long value) in new[]
        {
            ("global_requests", counts.GlobalRequests[n]), ("global_sectors", counts.GlobalSectors[n]),
                ("global_passes", counts.GlobalPasses[n]), ("global_bytes", counts.GlobalBytes[n]),
            ("shared_requests", counts.SharedRequests[n]), ("shared_wavefronts", counts.SharedWavefronts[n]),
            ("bank_conflicts", counts.SharedWavefronts[n] - counts.SharedIdealWavefronts[n]), ("local_requests", counts.LocalRequests[n]),
            ("divergent", counts.DivergentBranches[n]),
        })
            if (value != 0)
                writer.WriteNumber(name, value);
        writer.WriteEndObject();
    }
}
