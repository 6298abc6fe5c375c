// The instructions of the PTX manual by chapter, each with one line that is tried: what the emulator executes, checks and refuses.
namespace HSENet.Ptx.Tests;

/// <summary>A chapter of the manual's instruction set.</summary>
/// <param name="Name">Title.</param>
/// <param name="Checks">What the checker looks for in it.</param>
/// <param name="Samples">An instruction each; the word before the colon is its name in the table.</param>
sealed record InstructionFamily(string Name, string Checks, string Samples)
{
    const string Values = "a register that nothing wrote";

    public static readonly InstructionFamily[] All =
    [
        new("Integer arithmetic", Values, """
            add: add.s32 %r1, %r2, %r3;
            sub: sub.s64 %rd1, %rd2, %rd3;
            mul: mul.wide.u32 %rd1, %r2, %r3;
            mad: mad.lo.s32 %r1, %r2, %r3, %r4;
            mul24: mul24.lo.u32 %r1, %r2, %r3;
            mad24: mad24.hi.s32 %r1, %r2, %r3, %r4;
            sad: sad.u32 %r1, %r2, %r3, %r4;
            div: div.s32 %r1, %r2, %r3;
            rem: rem.u64 %rd1, %rd2, %rd3;
            abs: abs.s32 %r1, %r2;
            neg: neg.s32 %r1, %r2;
            min: min.s16x2 %r1, %r2, %r3;
            max: max.relu.s32 %r1, %r2, %r3;
            popc: popc.b32 %r1, %r2;
            clz: clz.b64 %r1, %rd2;
            bfind: bfind.u32 %r1, %r2;
            fns: fns.b32 %r1, %r2, %r3, %r4;
            brev: brev.b32 %r1, %r2;
            bfe: bfe.u32 %r1, %r2, %r3, %r4;
            bfi: bfi.b32 %r1, %r2, %r3, %r4, %r5;
            szext: szext.clamp.s32 %r1, %r2, %r3;
            bmsk: bmsk.wrap.b32 %r1, %r2, %r3;
            dp4a: dp4a.u32.s32 %r1, %r2, %r3, %r4;
            dp2a: dp2a.lo.u32.u32 %r1, %r2, %r3, %r4;
            """),
        new("Extended-precision integer arithmetic", Values, """
            add.cc: add.cc.u32 %r1, %r2, %r3;
            addc: addc.cc.s32 %r1, %r2, %r3;
            sub.cc: sub.cc.u64 %rd1, %rd2, %rd3;
            subc: subc.u32 %r1, %r2, %r3;
            mad.cc: mad.lo.cc.u32 %r1, %r2, %r3, %r4;
            madc: madc.hi.u32 %r1, %r2, %r3, %r4;
            """),
        new("Floating point: f32, f64", Values, """
            testp: testp.finite.f32 %p1, %f1;
            copysign: copysign.f32 %f1, %f2, %f3;
            add: add.rz.ftz.f32 %f1, %f2, %f3;
            sub: sub.rn.f64 %fd1, %fd2, %fd3;
            mul: mul.rn.sat.f32 %f1, %f2, %f3;
            fma: fma.rn.f64 %fd1, %fd2, %fd3, %fd4;
            div: div.full.f32 %f1, %f2, %f3;
            abs: abs.f32 %f1, %f2;
            neg: neg.f64 %fd1, %fd2;
            min: min.NaN.f32 %f1, %f2, %f3;
            max: max.xorsign.abs.f32 %f1, %f2, %f3;
            rcp: rcp.rn.f32 %f1, %f2;
            sqrt: sqrt.approx.f32 %f1, %f2;
            rsqrt: rsqrt.approx.f64 %fd1, %fd2;
            sin: sin.approx.f32 %f1, %f2;
            cos: cos.approx.f32 %f1, %f2;
            lg2: lg2.approx.f32 %f1, %f2;
            ex2: ex2.approx.ftz.f32 %f1, %f2;
            tanh: tanh.approx.f32 %f1, %f2;
            f32x2: add.rn.f32x2 %rd1, %rd2, %rd3;
            min of three: min.f32 %f1, %f2, %f3, %f4;
            """),
        new("Half precision: f16, bf16 and their pairs", Values, """
            add: add.rn.f16x2 %r1, %r2, %r3;
            sub: sub.bf16 %rs1, %rs2, %rs3;
            mul: mul.f16 %rs1, %rs2, %rs3;
            fma: fma.rn.relu.bf16x2 %r1, %r2, %r3, %r4;
            neg: neg.f16 %rs1, %rs2;
            abs: abs.bf16 %rs1, %rs2;
            min: min.f16x2 %r1, %r2, %r3;
            max: max.NaN.bf16 %rs1, %rs2, %rs3;
            tanh: tanh.approx.f16 %rs1, %rs2;
            ex2: ex2.approx.f16x2 %r1, %r2;
            """),
        new("Comparison and selection", Values, """
            set: set.lt.and.f16x2.f16x2 %r1, %r2, %r3, %p1;
            setp: setp.lt.or.s32 %p1|%p2, %r1, %r2, %p3;
            selp: selp.f32 %f1, %f2, %f3, %p1;
            slct: slct.u32.s32 %r1, %r2, %r3, %r4;
            """),
        new("Logic and shift", Values, """
            and: and.b32 %r1, %r2, %r3;
            or: or.pred %p1, %p2, %p3;
            xor: xor.b64 %rd1, %rd2, %rd3;
            not: not.b32 %r1, %r2;
            cnot: cnot.b32 %r1, %r2;
            lop3: lop3.and.b32 %r1|%p1, %r2, %r3, %r4, 0x80, %p2;
            shf: shf.l.wrap.b32 %r1, %r2, %r3, %r4;
            shl: shl.b64 %rd1, %rd2, %r3;
            shr: shr.s32 %r1, %r2, %r3;
            """),
        new("Loads, stores, copies", "bounds, alignment, bytes that nobody wrote, read-only memory, races, copies under way", """
            ld: ld.global.nc.L1::no_allocate.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];
            st: st.release.gpu.global.u32 [%rd1], %r1;
            ldu: ldu.global.u32 %r1, [%rd1];
            ld.const: ld.const.u32 %r1, [constant];
            ld.param of a register: ld.param.u32 %r1, [%rd1];
            cp.async: cp.async.cg.shared.global.L2::128B [%r1], [%rd1], 16;
            cp.async.mbarrier.arrive: cp.async.mbarrier.arrive.noinc.shared.b64 [%r1];
            prefetch: prefetch.global.L2 [%rd1];
            prefetchu: prefetchu.L1 [%rd1];
            applypriority: applypriority.global.L2::evict_normal [%rd1], 128;
            discard: discard.global.L2 [%rd1], 128;
            createpolicy: createpolicy.fractional.L2::evict_last.b64 %rd1, 1.0;
            st.async: st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.u32 [%r1], %r2, [%r3];
            multimem: multimem.ld_reduce.weak.global.add.u32 %r1, [%rd1];
            cp.async.bulk: cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%rd1], 16, [%r2];
            cp.async.bulk.tensor: cp.async.bulk.tensor.1d.global.shared::cta.tile.bulk_group [%rd1, {%r3}], [%r1];
            tensormap: tensormap.replace.tile.rank.global.b1024.b32 [%rd1], 1;
            """),
        new("Moves, addresses, conversions", Values, """
            mov: mov.b64 {%r1, %r2}, %rd1;
            mov of a function's address: mov.u64 %rd1, function;
            mov of a parameter's address: mov.b64 %rd1, p0;
            prmt: prmt.b32 %r1, %r2, %r3, 0x3210;
            isspacep: isspacep.const %p1, %rd1;
            cvta: cvta.param.u64 %rd1, %rd2;
            cvt: cvt.rn.satfinite.e4m3x2.f32 %rs1, %f1, %f2;
            cvt.pack: cvt.pack.sat.u8.s32.b32 %r1, %r2, %r3, %r4;
            cvt to narrow floats: cvt.rn.satfinite.e2m1x2.f32 %rs1, %f1, %f2;
            mapa: mapa.shared::cluster.u32 %r1, %r2, %r3;
            getctarank: getctarank.shared::cluster.u32 %r1, %r2;
            """),
        new("Textures and surfaces", "", """
            tex: tex.1d.v4.f32.s32 {%f1, %f2, %f3, %f4}, [texture, {%r1}];
            tld4: tld4.r.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [texture, {%f5, %f6}];
            txq: txq.width.b32 %r1, [texture];
            istypep: istypep.texref %p1, %rd1;
            suld: suld.b.1d.b32.trap {%r1}, [surface, {%r2}];
            sust: sust.b.1d.b32.trap [surface, {%r2}], {%r1};
            sured: sured.b.add.1d.u32.trap [surface, {%r2}], %r1;
            suq: suq.width.b32 %r1, [surface];
            """),
        new("Control flow", "branches out of range, calls of what is no function, loops that cannot end", """
            bra: bra done;
            brx.idx: brx.idx %r1, branches;
            call: call (%r1), function, (%r2);
            call through an address: call (%r1), %rd1, (%r2), prototype;
            ret: ret;
            exit: exit;
            vprintf: { .param .b64 x; .param .b64 y; .param .b32 z; call (z), vprintf, (x, y); }
            malloc: { .param .b64 x; .param .b64 y; call (y), malloc, (x); }
            """),
        new("Barriers, fences, atomics",
            "threads and lanes that are missing, order between threads by scope, and "
            + "what loads and stores are checked for", """
            bar: bar.red.popc.u32 %r1, 0, %p1;
            barrier: barrier.sync 0, 64;
            bar.warp.sync: bar.warp.sync 0xffffffff;
            barrier.cluster: barrier.cluster.arrive; barrier.cluster.wait;
            membar: membar.gl;
            fence: fence.acq_rel.gpu;
            fence.proxy: fence.proxy.async;
            atom: atom.acq_rel.gpu.global.cas.b32 %r1, [%rd1], %r2, %r3;
            atom on vectors: atom.global.add.v2.f32 {%f1, %f2}, [%rd1], {%f3, %f4};
            atom of 128 bits: atom.global.exch.b128 %q1, [%rd1], %q2;
            red: red.global.add.noftz.f16x2 [%rd1], %r1;
            red.async: red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.add.u32 [%r1], %r2, [%r3];
            mbarrier: mbarrier.init.shared.b64 [%r1], 32; mbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0;
            griddepcontrol: griddepcontrol.wait;
            """),
        new("Lanes of a warp", "lanes that are named and not there", """
            shfl: shfl.sync.bfly.b32 %r1|%p1, %r2, 1, 0x1f, -1;
            vote: vote.sync.ballot.b32 %r1, %p1, -1;
            match: match.any.sync.b32 %r1, %r2, -1;
            redux: redux.sync.add.s32 %r1, %r2, -1;
            redux of f32: redux.sync.min.f32 %f1, %f2, -1;
            activemask: activemask.b32 %r1;
            elect: elect.sync %r1|%p1, -1;
            """),
        new("Matrices", "all 32 lanes, alignment, and what loads and stores are checked for", """
            wmma: wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}, [%rd1];
            wmma of parts of bytes: wmma.load.a.sync.aligned.row.m8n8k32.global.s4 {%r1}, [%rd1];
            mma: mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%r1, %r2}, {%r3, %r4}, {%r5}, {%r1, %r2};
            mma of f64: mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%fd1, %fd2}, {%fd3}, {%fd4}, {%fd1, %fd2};
            mma of fp8: mma.sync.aligned.m16n8k32.row.col.f16.e4m3.e4m3.f16 {%r1, %r2}, {%r1, %r2, %r3, %r4}, {%r5, %r6}, {%r1, %r2};
            mma.sp: mma.sp.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%r1, %r2}, {%r1, %r2}, {%r3, %r4}, {%r1, %r2}, %r5, 0;
            ldmatrix: ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r1, %r2}, [%rd1];
            stmatrix: stmatrix.sync.aligned.m8n8.x1.shared.b16 [%rd1], {%r1};
            movmatrix: movmatrix.sync.aligned.m8n8.trans.b16 %r1, %r2;
            wgmma: wgmma.fence.sync.aligned;
            tcgen05: tcgen05.wait::ld.sync.aligned;
            """),
        new("Stack, video, miscellaneous", "", """
            brkpt: brkpt;
            nanosleep: nanosleep.u32 %r1;
            trap: trap;
            pmevent: pmevent 1;
            setmaxnreg: setmaxnreg.inc.sync.aligned.u32 64;
            alloca: alloca.u32 %r1, 16;
            stacksave: stacksave.u32 %r1;
            video: vadd.u32.u32.u32 %r1, %r2, %r3;
            """),
    ];

    /// <summary>Whether a kernel that has the instruction can be run.</summary>
    static bool Executes(string instruction)
    {
        using EmulatorModule module = EmulatorModule.Load($$"""
            .version 8.6
            .target sm_90
            .address_size 64
            .const .u32 constant = 1;
            .extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);
            .extern .func (.param .b64 r) malloc(.param .b64 n);
            .func (.param .b32 r) function(.param .b32 a) { ret; }
            .visible .entry k(.param .u64 p0)
            {
            .reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<9>; .reg .f64 %fd<9>; .reg .b128 %q<3>;
            prototype: .callprototype (.param .b32 _) _ (.param .b32 _);
            branches: .branchtargets done;
            {{instruction}}
            done:
            ret;
            }
            """);
        try
        {
            return module.Kernel("k").ParameterBytes == 8;
        }
        catch (PtxException)
        {
            return false;
        }
    }

    /// <summary>The family's line of the table.</summary>
    public string Row()
    {
        ILookup<bool, string> names = Samples.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .ToLookup(line => Executes(line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]),
                line => line[..line.IndexOf(": ", StringComparison.Ordinal)]);
        return $"| {Name} | {List(names[true])} | {Checks} | {List(names[false])} |";

        static string List(IEnumerable<string> all) => string.Join(", ", all.Select(name => name.Contains(' ') ? name : $"`{name}`"));
    }
}
