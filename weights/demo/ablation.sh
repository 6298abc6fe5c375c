#!/usr/bin/env bash
# The paper's ablation, on phantoms: which encoders, how patches become tokens and in which windows, stage 2 with and without its relation
# to stage 1, encoders with and without labels beside the texts. Reports of all arms, in the phantoms' fixed wording, are generated greedily and
# scored on the same phantoms. Encoders and packer are compared for every seed, the other arms for the first.
#   weights/demo/ablation.sh [OUT] [full|tiny] [SEED…]      (seeds 1 2 3 unless given; tiny: to see that every step runs)
# OUT/SEED is a folder of train.sh: its phantoms, encoders and decoder are every arm's. Started again, it goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=${1:-artifacts/ablation} scale=${2:-full} seeds=("${@:3}")
[ ${#seeds[@]} -gt 0 ] || seeds=(1 2 3)
recipe=weights/demo/recipe few=() texts=(--steps 2500)
[ "$scale" = full ] || few=(--steps 4 --save-every 2 --eval-every 2 --validation-samples 2) texts=()

arms=(both encoder1 encoder2 pooling window_1_4_4 window_2_4_4 no_relation no_labels)
declare -A meaning=(
    [both]="both encoders, spatial packer, windows 2×2×2" [encoder1]="encoder 1 alone" [encoder2]="encoder 2 alone"
    [pooling]="both, average pooling in place of the packer" [window_1_4_4]="both, windows 1×4×4"
    [window_2_4_4]="both, windows 2×4×4" [no_relation]="both, stage 2 without its relation to stage 1"
    [no_labels]="both, stages 1 and 2 on texts alone"
)

# arm NAME RECIPE CHANGE RUN…: a model as RECIPE says after CHANGE, with what RUNs trained of it and the decoder; packers and adapters are
# trained on reports, as in train.sh.
arm() {
    local name=$1 from=$2 change=$3 run; shift 3
    local model="$out/$name.new"
    sed "$change" "$recipe/$from.json" > "$out/$name.json"
    once "$name.new" new "$name.new" "$out/$name.json"
    for run in "$@" "$shared/language"; do
        once "$name.$(basename "$run")" make "$name.$(basename "$run")" weights merge --weights "$model" --stage "$run/best.safetensors"
        model="$out/$name.$(basename "$run")"
    done
    structured "$name" "$model"
    once "$name" make "$name" weights merge --weights "$model" --adapter "$out/$name.structured/adapter"
    once "$name.written" hsenet eval report --manifest "$shared/evaluation/structured.test.jsonl" --weights "$out/$name" \
        --out "$out/$name.written"
    once "$name.scored" score "$name"
}

score() {
    {
        hsenet score findings "$out/$1.written/scores.csv" &&
        hsenet score report "$out/$1.written/scores.csv"
    } > "$out/$1.txt"
}

# Means over the seeds, and the lowest and highest of them; the intervals of each seed are in its own files. Without a hit nothing is said of
# side, lobe and size.
figure() {
    for seed in "${seeds[@]}"; do
        [ ! -e "$results/$seed/ablation/$1.txt" ] ||
            awk -v name="$2" '$1 == "f1_micro" { hits = $2 } $1 == name { if (hits > 0 || name ~ /^f1|^bleu/) print $2; exit }' \
                "$results/$seed/ablation/$1.txt"
    done | awk '{ sum += $1; if (NR == 1 || $1 < low) low = $1; if (NR == 1 || $1 > high) high = $1 }
        END { if (NR == 0) printf "-"; else if (NR == 1) printf "%.3f", sum; else printf "%.3f (%.3f-%.3f)", sum / NR, low, high }'
}

for seed in "${seeds[@]}"; do
    weights/demo/train.sh "$results/$seed" "$scale" "$seed" encoders
    out=$results/$seed/ablation shared=$(cd "$results/$seed" && pwd)
    source weights/demo/steps.sh
    pairs=$shared/pairs slices=$shared/slices stage2=$shared/stage2
    manifest=$shared/phantoms/structured.json

    arm both model '' "$pairs" "$slices" "$stage2"
    arm encoder1 volume '' "$pairs"
    arm encoder2 model 's/dual_vits/2e3_vit/; s/"stages": \[1, 2\]/"stages": [2]/' "$slices" "$stage2"
    arm pooling model 's/spatial_packer/average_pooling/' "$pairs" "$slices" "$stage2"

    [ "$seed" = "${seeds[0]}" ] || continue
    # Stage 2 once more without its relation; both stages once more without labels, as many pairs as the labels had volumes.
    once stage2.alone train stage2.alone stage2 stage2 --manifest "$manifest" --weights "$shared/both.sliced" \
        --init "$pairs/best.safetensors" --cache "$shared/cache" --relation-weight 0
    once pairs.texts train pairs.texts pairs stage1 --manifest "$manifest" --weights "$shared/both.new" --label-weight 0 \
        --equal-positives off ${texts[@]+"${texts[@]}"}
    once texts.encoder make texts.encoder weights merge --weights "$shared/both.new" --stage "$out/pairs.texts/best.safetensors"
    once texts.sliced make texts.sliced weights merge --weights "$out/texts.encoder" --stage "$slices/best.safetensors"
    once stage2.texts train stage2.texts stage2 stage2 --manifest "$manifest" --weights "$out/texts.sliced" \
        --init "$out/pairs.texts/best.safetensors" --cache "$shared/cache" --label-weight 0 --equal-positives off
    arm window_1_4_4 model 's/"window": \[2, 2, 2\]/"window": [1, 4, 4]/' "$pairs" "$slices" "$stage2"
    arm window_2_4_4 model 's/"window": \[2, 2, 2\]/"window": [2, 4, 4]/' "$pairs" "$slices" "$stage2"
    arm no_relation model '' "$pairs" "$slices" "$out/stage2.alone"
    arm no_labels model '' "$out/pairs.texts" "$slices" "$out/stage2.texts"
done

{
    echo "Synthetic phantoms, not clinical data. Means over seeds ${seeds[*]} (lowest-highest), or seed ${seeds[0]} alone; seeds are not chosen."
    echo
    echo "| arm | F1 micro | F1 macro | side | lobe | size error | BLEU-4 |"
    echo "|---|---|---|---|---|---|---|"
    for arm in "${arms[@]}"; do
        printf '| %s' "${meaning[$arm]}"
        for name in f1_micro f1_macro side lobe size_error bleu4; do
            printf ' | %s' "$(figure "$arm" $name)"
        done
        echo ' |'
    done
} | tee "$results/table.md"
