// The forms that the table must know: all that ILGPU's backend can write beyond the samples, and the project's own instructions.
namespace HSENet.Ptx.Tests;

public class InstructionTableTests
{
    [Theory]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%f0, %f1, "
        + "%f2, %f3};")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1}, {%r4}, {%f0, %f1, %f2, %f3};")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%f0, %f1, "
        + "%f2, %f3};")]
    [InlineData("mma.sync.aligned.m16n8k32.row.col.satfinite.s32.s8.s8.s32 {%r0, %r1, %r2, %r3}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%r0, "
        + "%r1, %r2, %r3};")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%rd1];")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r0, %r1}, [%rd1+64];")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x1.shared::cta.b16 {%r0}, [%r1];")]
    [InlineData("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%rd1], {%r0, %r1};")]
    [InlineData("movmatrix.sync.aligned.m8n8.trans.b16 %r0, %r1;")]
    [InlineData("cp.async.ca.shared.global [%rd1], [%rd2], 4;")]
    [InlineData("cp.async.cg.shared::cta.global.L2::128B [%rd1], [%rd2+16], 16, %r1;")]
    [InlineData("cp.async.commit_group; cp.async.wait_group 1; cp.async.wait_all;")]
    [InlineData("shfl.sync.idx.b32 %r1|%p1, %r2, 0, 31, -1; shfl.sync.bfly.b32 %f1, %f2, 1, 31, 4294967295;")]
    [InlineData("vote.sync.ballot.b32 %r1, !%p1, -1; vote.sync.all.pred %p1, %p2, -1; activemask.b32 %r1;")]
    [InlineData("match.any.sync.b64 %r1, %rd1, -1; match.all.sync.b32 %r1|%p1, %r2, -1;")]
    [InlineData("redux.sync.add.s32 %r1, %r2, -1; redux.sync.or.b32 %r1, %r2, -1;")]
    [InlineData("atom.shared.add.u32 %r1, [%rd1], 1; atom.acq_rel.gpu.global.cas.b64 %rd1, [%rd2], 0, 1; "
        + "red.release.sys.global.add.noftz.bf16x2 [%rd1], %r1;")]
    [InlineData("atom.shared::cluster.inc.u32 %r1, [%rd1], 7; atom.global.exch.b32 _, [%rd1], %r1;")]
    [InlineData("bar.sync 0; bar.sync 1, 64; bar.arrive 1, 64; bar.red.popc.u32 %r1, 0, %p1; bar.red.and.pred %p1, 0, 64, !%p2; "
        + "bar.warp.sync -1; barrier.sync.aligned 0;")]
    [InlineData("barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire.aligned; griddepcontrol.wait; "
        + "griddepcontrol.launch_dependents; mapa.shared::cluster.u32 %r1, %r2, 0;")]
    [InlineData("membar.gl; fence.acq_rel.gpu; fence.sc.sys;")]
    [InlineData("prmt.b32 %r1, %r2, %r3, 0x5410; prmt.b32.f4e %r1, %r2, %r3, %r4; lop3.b32 %r1, %r2, %r3, %r4, 0xE8; lop3.or.b32 "
        + "%r1|%p1, %r2, %r3, %r4, 0x80, %p2;")]
    [InlineData("shf.l.wrap.b32 %r1, %r2, %r3, 5; shf.r.clamp.b32 %r1, %r2, %r3, %r4; bfe.u32 %r1, %r2, 3, 5; bfi.b64 %rd1, %rd2, %rd3, "
        + "3, 5; bfind.shiftamt.u32 %r1, %r2; brev.b32 %r1, %r2; fns.b32 %r1, -1, 0, 1;")]
    [InlineData("dp4a.s32.u32 %r1, %r2, %r3, %r4; dp2a.lo.s32.s32 %r1, %r2, %r3, %r4; sad.s32 %r1, %r2, %r3, %r4; mad24.lo.s32 %r1, %r2, "
        + "%r3, %r4; szext.wrap.s32 %r1, %r2, 4; bmsk.clamp.b32 %r1, 3, 5;")]
    [InlineData("cvt.rn.bf16.f32 %rs1, %f1; cvt.f32.bf16 %f1, %rs1; cvt.rn.bf16x2.f32 %r1, %f1, %f2; cvt.rz.relu.f16x2.f32 %r1, %f1, "
        + "%f2; cvt.rna.tf32.f32 %r1, %f1;")]
    [InlineData("cvt.rn.satfinite.e4m3x2.f32 %rs1, %f1, %f2; cvt.rn.satfinite.relu.e5m2x2.f16x2 %rs1, %r1; cvt.rn.f16x2.e4m3x2 %r1, "
        + "%rs1; cvt.rzi.sat.u8.f32 %r1, %f1; cvt.rni.ftz.f32.f32 %f1, %f2;")]
    [InlineData("ex2.approx.ftz.f32 %f1, %f2; ex2.approx.f16x2 %r1, %r2; ex2.approx.ftz.bf16x2 %r1, %r2; lg2.approx.f32 %f1, %f2; "
        + "rsqrt.approx.ftz.f64 %fd1, %fd2; tanh.approx.bf16 %rs1, %rs2; div.full.f32 %f1, %f2, %f3; div.approx.ftz.f32 %f1, %f2, %f3;")]
    [InlineData("fma.rn.f16x2 %r1, %r2, %r3, %r4; fma.rn.relu.bf16x2 %r1, %r2, %r3, %r4; add.f16x2 %r1, %r2, %r3; mul.rn.bf16x2 %r1, "
        + "%r2, %r3; max.NaN.bf16x2 %r1, %r2, %r3; min.ftz.NaN.xorsign.abs.f32 %f1, %f2, %f3; neg.bf16x2 %r1, %r2;")]
    [InlineData("ld.global.nc.L1::no_allocate.L2::128B.v4.f32 {%f0, %f1, %f2, %f3}, [%rd1]; ld.global.cs.v2.b64 {%rd2, %rd3}, [%rd1]; "
        + "ld.global.L2::cache_hint.b32 %r1, [%rd1], %rd2; st.global.wt.v4.b32 [%rd1], {%r0, 1, %r2, 3};")]
    [InlineData("ld.acquire.gpu.global.u32 %r1, [%rd1]; st.release.sys.b64 [%rd1], %rd2; ld.volatile.shared.u16 %rs1, [%rd1]; "
        + "ld.relaxed.cluster.shared::cluster.u32 %r1, [%rd1]; ld.const.f32 %f1, [%rd1]; prefetch.global.L2 [%rd1]; "
        + "createpolicy.fractional.L2::evict_last.b64 %rd1, 1.0;")]
    [InlineData("mov.b128 %q1, {%rd1, %rd2}; mov.b64 {%r1, _}, %rd1; mov.b32 %r1, {%rs1, %rs2}; mov.u64 %rd1, %clock64; mov.u32 %r1, "
        + "%lanemask_lt; mov.u32 %r1, %warpid; isspacep.shared %p1, %rd1; cvta.to.shared.u64 %rd1, %rd2; cvta.shared.u64 %rd1, %rd2;")]
    [InlineData("set.lt.u32.f32 %r1, %f1, %f2; set.eq.and.f32.s32 %f1, %r1, %r2, !%p1; setp.nan.ftz.f32 %p1|%p2, %f1, %f2; "
        + "setp.ltu.xor.bf16x2 %p1|%p2, %r1, %r2, %p3; slct.f32.s32 %f1, %f2, %f3, %r1; testp.subnormal.f64 %p1, %fd1; copysign.f64 "
        + "%fd1, %fd2, %fd3; cnot.b16 %rs1, %rs2;")]
    [InlineData("abs.f16 %rs1, %rs2; abs.s16 %rs1, %rs2; add.s16 %rs1, %rs2, %rs3; cvt.rmi.f32.f32 %f1, %f2; cvt.rpi.f64.f64 %fd1, %fd2; "
        + "cvt.rzi.s8.f16 %rs1, %rs2; cvt.u8.s8 %rs1, %rs2; ex2.approx.f16 %rs1, %rs2; fma.rn.f16 %rs1, %rs2, %rs3, %rs4;")]
    [InlineData("mad.lo.u16 %rs1, %rs2, %rs3, %rs4; max.ftz.f16 %rs1, %rs2, %rs3; mul.u32 %r1, %r2, %r3; mul.hi.s64 %rd1, %rd2, %rd3; "
        + "rcp.approx.ftz.f64 %fd1, %fd2; ret.uni; rsqrt.approx.f64 %fd1, %fd2; setp.equ.f16 %p1, %rs1, %rs2; setp.hi.u16 %p1, %rs1, "
        + "%rs2; shl.b16 %rs1, %rs2, 3; shr.b64 %rd1, %rd2, 3;")]
    [InlineData("nanosleep.u32 100; trap; brkpt; exit;")]
    public void Knows(string body) => Assert.NotEmpty(Sample.Instructions(Sample.Kernel(body)));

    [Theory]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16 {%f0}, {%r0}, {%r4}, {%f0};")]
    [InlineData("mma.sync.aligned.m16n8k16.row.row.f32.bf16.bf16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%f0, %f1, "
        + "%f2, %f3};")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f0, %f1, %f2}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%f0, %f1, %f2, "
        + "%f3};")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.bf16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1}, {%r4}, {%f0, %f1, %f2, %f3};")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1}, [%rd1];")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x4.global.b16 {%r0, %r1, %r2, %r3}, [%rd1];")]
    [InlineData("cp.async.ca.shared.global [%rd1], [%rd2], 3;")]
    [InlineData("cp.async.cg.shared.global [%rd1], [%rd2], 8;")]
    [InlineData("cp.async.wait_group %r1;")]
    [InlineData("shfl.up.b32 %r1, %r2, 1, 0, -1;")]
    [InlineData("fma.f32 %f1, %f2, %f3, %f4;")]
    [InlineData("cvt.rn.e4m3x2.f32 %rs1, %f1;")]
    [InlineData("atom.add.b32 %r1, [%rd1], 1;")]
    [InlineData("ld.global.v3.f32 {%f0, %f1, %f2}, [%rd1];")]
    [InlineData("mov.b64 {%r1, %r2, %r3}, %rd1;")]
    [InlineData("mov.f32 {%f1, %f2}, %rd1;")]
    [InlineData("setp.lt.s32 %r1, %r2, %r3;")]
    [InlineData("selp.b32 %r1, %r2, %r3, %r4;")]
    [InlineData("add.f32 %f1, %f2, %p1;")]
    [InlineData("bra.uni %r1;")]
    [InlineData("call (%r1), f, (%r1), g;")]
    public void Refuses(string body) => Assert.Throws<PtxException>(() => Sample.Kernel(body));
}
