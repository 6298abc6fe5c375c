// Every instruction that is known, as data: opcode, operands, modifiers.
namespace HSENet.Ptx;

static partial class PtxInstructionTable
{
    // One row a form: "opcode operands | groups of modifiers". A group is one modifier out of a/b/c; '?' in front makes an operand or a
    // group optional. Operands: d register, D register or vector, W vector, P register or register|predicate, q predicate, Q predicate or
    // pair of predicates, all written; s source, S source or vector, p predicate source that may be negated, b predicate source, m memory,
    // V vector, l label, c parts of a call. Names with '$' stand for the sets below. The order of modifiers is free, but for types among
    // themselves.
    const string Sets = """
        $i    u16/u32/u64/s16/s32/s64
        $i32  u32/u64/s32/s64
        $b    b16/b32/b64
        $f    f32/f64
        $h    f16/f16x2/bf16/bf16x2
        $mem  b8/b16/b32/b64/b128/u8/u16/u32/u64/s8/s16/s32/s64/f16/f16x2/bf16/f32/f64
        $cvt  u8/u16/u32/u64/s8/s16/s32/s64/f16/bf16/f32/f64
        $rnd  rn/rz/rm/rp
        $cmp  eq/ne/lt/le/gt/ge/lo/ls/hi/hs/equ/neu/ltu/leu/gtu/geu/num/nan
        $sem  weak/relaxed/acquire/release/acq_rel/volatile
        $scope cta/cluster/gpu/sys
        $space global/shared/shared::cta/shared::cluster/local/param/param::entry/param::func/const
        $evict L1::evict_normal/L1::evict_unchanged/L1::evict_first/L1::evict_last/L1::no_allocate
        $evict2 L2::evict_normal/L2::evict_first/L2::evict_last
        $fetch L2::64B/L2::128B/L2::256B
        $mbarspace shared/shared::cta
        $atomspace global/shared/shared::cta/shared::cluster
        $mspace global/shared/shared::cta
        $priority L2::evict_last/L2::evict_normal/L2::evict_first/L2::evict_unchanged
        $wshape m16n16k16/m8n32k16/m32n8k16/m16n16k8/m8n8k4
        """;

    const string Rows = """
        abs d s | s16/s32/s64
        abs d s | ?ftz f32/f64/f16/f16x2/bf16/bf16x2
        neg d s | s16/s32/s64
        neg d s | ?ftz f32/f64/f16/f16x2/bf16/bf16x2
        add d s s | ?sat u16/u32/u64/s16/s32/s64/u16x2/s16x2
        add d s s | ?$rnd ?ftz ?sat f32/f64/f16/f16x2/bf16/bf16x2
        sub d s s | ?sat $i
        sub d s s | ?$rnd ?ftz ?sat f32/f64/f16/f16x2/bf16/bf16x2
        mul d s s | ?lo/hi/wide $i
        mul d s s | ?$rnd ?ftz ?sat f32/f64/f16/f16x2/bf16/bf16x2
        mad d s s s | lo/hi/wide ?sat $i
        mad d s s s | ?$rnd ?ftz ?sat $f
        fma d s s s | $rnd ?ftz ?sat ?relu f32/f64/f16/f16x2/bf16/bf16x2
        add d s s | cc $i32
        addc d s s | ?cc $i32
        sub d s s | cc $i32
        subc d s s | ?cc $i32
        mad d s s s | lo/hi cc $i32
        madc d s s s | lo/hi ?cc $i32
        mul24 d s s | lo/hi u32/s32
        mad24 d s s s | lo/hi ?sat u32/s32
        sad d s s s | $i
        div d s s | $i
        div d s s | ?approx/full/rn/rz/rm/rp ?ftz $f
        rem d s s | $i
        min d s s | ?relu $i/u16x2/s16x2
        min d s s | ?ftz ?NaN ?xorsign ?abs f32/f64/f16/f16x2/bf16/bf16x2
        max d s s | ?relu $i/u16x2/s16x2
        max d s s | ?ftz ?NaN ?xorsign ?abs f32/f64/f16/f16x2/bf16/bf16x2
        popc d s | b32/b64
        clz d s | b32/b64
        bfind d s | ?shiftamt $i32
        fns d s s s | b32
        brev d s | b32/b64
        bfe d s s s | $i32
        bfi d s s s s | b32/b64
        bmsk d s s | clamp/wrap b32
        szext d s s | clamp/wrap u32/s32
        dp4a d s s s | u32/s32 u32/s32
        dp2a d s s s | lo/hi u32/s32 u32/s32
        testp q s | finite/infinite/number/notanumber/normal/subnormal $f
        copysign d s s | $f
        rcp d s | approx/rn/rz/rm/rp ?ftz $f
        sqrt d s | approx/rn/rz/rm/rp ?ftz $f
        rsqrt d s | approx ?ftz $f
        sin d s | approx ?ftz f32
        cos d s | approx ?ftz f32
        lg2 d s | approx ?ftz f32
        ex2 d s | approx ?ftz f32/f16/f16x2/bf16/bf16x2
        tanh d s | approx ?ftz f32/f16/f16x2/bf16/bf16x2
        setp Q s s | $cmp ?ftz $b/$i/$f/$h
        setp Q s s p | $cmp and/or/xor ?ftz $b/$i/$f/$h
        set d s s | $cmp ?ftz u32/s32/f32/f16/f16x2/bf16/bf16x2/u16/s16 $b/$i/$f/$h
        set d s s p | $cmp and/or/xor ?ftz u32/s32/f32/f16/f16x2/bf16/bf16x2/u16/s16 $b/$i/$f/$h
        selp d s s p | $b/$i/$f
        slct d s s s | ?ftz $b/$i/$f s32/f32
        and d s s | $b
        and q b b | pred
        or d s s | $b
        or q b b | pred
        xor d s s | $b
        xor q b b | pred
        not d s | $b
        not q b | pred
        cnot d s | $b
        lop3 d s s s s | b32
        lop3 P s s s s p | and/or b32
        shf d s s s | l/r clamp/wrap b32
        shl d s s | $b
        shr d s s | $b/$i
        prmt d s s s | b32 ?f4e/b4e/rc8/ecl/ecr/rc16
        mov D S | $b/b128/$i/$f/f16/f16x2/bf16/bf16x2
        mov D S | v2/v4/v8 b8/u8/s8/$b/$i/$f/f16/f16x2/bf16/bf16x2
        mov q b | pred
        shfl P s s s s | sync up/down/bfly/idx b32
        shfl P s s s | up/down/bfly/idx b32
        vote q p s | sync all/any/uni pred
        vote d p s | sync ballot b32
        vote q p | all/any/uni pred
        vote d p | ballot b32
        match d s s | any sync b32/b64
        match P s s | all sync b32/b64
        redux d s s | sync add/min/max u32/s32
        redux d s s | sync and/or/xor b32
        activemask d | b32
        elect P s | sync
        ld D m ?s | ?$sem ?$scope ?$space ?nc ?ca/cg/cs/lu/cv ?$evict ?$evict2 ?L2::cache_hint ?$fetch ?v2/v4/v8 $mem
        st m S ?s | ?$sem ?$scope ?$space ?wb/cg/cs/wt ?$evict ?$evict2 ?L2::cache_hint ?v2/v4/v8 $mem
        ldu D m | ?global ?v2/v4 $mem
        prefetch m | ?global/local L1/L2
        prefetch m | global L2::evict_last/L2::evict_normal
        prefetchu m | L1
        discard m s | ?global L2
        applypriority m s | ?global L2::evict_normal
        createpolicy d ?s | fractional $priority ?L2::evict_first/L2::evict_unchanged b64
        createpolicy d m s s | range ?global $priority ?L2::evict_first/L2::evict_unchanged b64
        createpolicy d s | cvt L2 b64
        isspacep q s | global/shared/shared::cta/shared::cluster/local/const/param/param::entry
        cvta d s | ?to global/shared/shared::cta/shared::cluster/local/const/param/param::entry u32/u64
        cvt d s | ?rn/rz/rm/rp/rni/rzi/rmi/rpi/rna ?ftz ?sat ?relu ?satfinite $cvt $cvt
        cvt d s | rna/rn/rz ?relu ?satfinite tf32 f32
        cvt d s s | rn/rz ?relu ?satfinite f16x2/bf16x2 f32
        cvt d s s | rn satfinite ?relu e4m3x2/e5m2x2 f32
        cvt d s | rn satfinite ?relu e4m3x2/e5m2x2 f16x2
        cvt d s | rn ?relu f16x2 e4m3x2/e5m2x2
        cvt d s s | pack sat u16/s16 s32
        cvt d s s s | pack sat u2/s2/u4/s4/u8/s8 s32 b32
        mapa d s s | ?shared::cluster u32/u64
        getctarank d s | ?shared::cluster u32/u64
        griddepcontrol | wait/launch_dependents
        atom d m s ?s | ?$sem ?$scope ?$atomspace exch ?L2::cache_hint b32/b64/u32/u64/s32/s64/f32/f64
        atom d m s s ?s | ?$sem ?$scope ?$atomspace cas ?L2::cache_hint b16/b32/b64
        atom W m V ?s | ?$sem ?$scope ?$atomspace exch ?L2::cache_hint b128
        atom W m V V ?s | ?$sem ?$scope ?$atomspace cas ?L2::cache_hint b128
        atom d m s ?s | ?$sem ?$scope ?$atomspace add ?L2::cache_hint u32/u64/s32/s64/f32/f64
        atom d m s ?s | ?$sem ?$scope ?$atomspace add noftz ?L2::cache_hint $h
        atom d m s ?s | ?$sem ?$scope ?$atomspace min/max ?L2::cache_hint $i32
        atom d m s ?s | ?$sem ?$scope ?$atomspace inc/dec ?L2::cache_hint u32
        atom d m s ?s | ?$sem ?$scope ?$atomspace and/or/xor ?L2::cache_hint b32/b64
        atom W m V ?s | ?$sem ?$scope ?global add ?L2::cache_hint v2/v4 f32
        atom W m V ?s | ?$sem ?$scope ?global add/min/max noftz ?L2::cache_hint v2/v4/v8 f16/bf16
        atom W m V ?s | ?$sem ?$scope ?global add/min/max noftz ?L2::cache_hint v2/v4 f16x2/bf16x2
        red m s ?s | ?$sem ?$scope ?$atomspace add ?L2::cache_hint u32/u64/s32/s64/f32/f64
        red m s ?s | ?$sem ?$scope ?$atomspace add noftz ?L2::cache_hint $h
        red m s ?s | ?$sem ?$scope ?$atomspace min/max ?L2::cache_hint $i32
        red m s ?s | ?$sem ?$scope ?$atomspace inc/dec ?L2::cache_hint u32
        red m s ?s | ?$sem ?$scope ?$atomspace and/or/xor ?L2::cache_hint b32/b64
        red m V ?s | ?$sem ?$scope ?global add ?L2::cache_hint v2/v4 f32
        red m V ?s | ?$sem ?$scope ?global add/min/max noftz ?L2::cache_hint v2/v4/v8 f16/bf16
        red m V ?s | ?$sem ?$scope ?global add/min/max noftz ?L2::cache_hint v2/v4 f16x2/bf16x2
        bar s ?s | ?cta sync
        bar s s | ?cta arrive
        bar d s ?s p | ?cta red popc u32
        bar q s ?s p | ?cta red and/or pred
        bar s | warp sync
        barrier s ?s | ?cta sync ?aligned
        barrier s s | ?cta arrive ?aligned
        barrier d s ?s p | ?cta red popc ?aligned u32
        barrier q s ?s p | ?cta red and/or ?aligned pred
        barrier | cluster arrive ?release/relaxed ?aligned
        barrier | cluster wait ?acquire ?aligned
        membar | cta/gl/sys
        fence | ?sc/acq_rel/acquire/release $scope
        fence | mbarrier_init release cluster
        fence | acquire/release sync_restrict::shared::cluster/sync_restrict::shared::cta cluster
        fence | proxy alias
        fence | proxy async ?global/shared::cta/shared::cluster
        fence | proxy async::generic acquire/release sync_restrict::shared::cluster/sync_restrict::shared::cta cluster
        fence | proxy tensormap::generic release $scope
        fence m s | proxy tensormap::generic acquire $scope
        mbarrier m s | init ?$mbarspace b64
        mbarrier m | inval ?$mbarspace b64
        mbarrier d m ?s | arrive/arrive_drop ?release/relaxed ?cta/cluster ?$mbarspace b64
        mbarrier m ?s | arrive/arrive_drop ?release/relaxed ?cta/cluster ?$mbarspace b64
        mbarrier d m s | arrive/arrive_drop noComplete ?release ?cta ?$mbarspace b64
        mbarrier d m s | arrive/arrive_drop expect_tx ?release/relaxed ?cta/cluster ?$mbarspace b64
        mbarrier m s | expect_tx/complete_tx ?relaxed ?cta/cluster ?$mbarspace b64
        mbarrier q m s ?s | test_wait/try_wait ?parity ?acquire/relaxed ?cta/cluster ?$mbarspace b64
        mbarrier d s | pending_count b64
        cp m m s ?s | async ca/cg shared/shared::cta global ?$fetch
        cp m m s p | async ca/cg shared/shared::cta global ?$fetch
        cp m m s s ?s | async ca/cg shared/shared::cta global L2::cache_hint ?$fetch
        cp m | async mbarrier arrive ?noinc ?$mbarspace b64
        cp | async commit_group/wait_all
        cp s | async wait_group
        ldmatrix D m | sync aligned m8n8 x1/x2/x4 ?trans ?shared/shared::cta b16
        stmatrix m S | sync aligned m8n8 x1/x2/x4 ?trans ?shared/shared::cta b16
        movmatrix d s | sync aligned m8n8 trans b16
        mma W V V V | sync aligned m16n8k8/m16n8k16 row col f32 f16/bf16 f16/bf16 f32
        mma W V V V | sync aligned m16n8k8/m16n8k16 row col f16 f16 f16 f16
        mma W V V V | sync aligned m16n8k4/m16n8k8 row col f32 tf32 tf32 f32
        mma W V V V | sync aligned m16n8k16/m16n8k32 row col ?satfinite s32 s8/u8 s8/u8 s32
        wmma W m ?s | load a/b sync aligned row/col $wshape ?$mspace f16/bf16/tf32/s8/u8/f64
        wmma W m ?s | load c sync aligned row/col $wshape ?$mspace f16/f32/s32/f64
        wmma m V ?s | store d sync aligned row/col $wshape ?$mspace f16/f32/s32/f64
        wmma W V V V | mma sync aligned row/col row/col $wshape f16/f32 f16/f32
        wmma W V V V | mma sync aligned row/col row/col $wshape ?rn f32/f64 bf16/tf32/f64 bf16/tf32/f64 f32/f64
        wmma W V V V | mma sync aligned row/col row/col $wshape ?satfinite s32 s8/u8 s8/u8 s32
        bra l | ?uni
        brx s l | idx ?uni
        call c ?c ?c ?c | ?uni
        ret | ?uni
        exit |
        trap |
        brkpt |
        nanosleep s | u32
        pmevent s | ?mask
        setmaxnreg s | inc/dec sync aligned u32
        """;
}
