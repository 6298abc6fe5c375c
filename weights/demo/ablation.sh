#!/usr/bin/env bash
# The paper's ablation, on phantoms: which encoders, how patches become tokens and in which windows, stage 2 with and without its relation
# to stage 1, encoders with and without labels beside the texts. Reports of all arms, in the phantoms' fixed wording, are generated greedily and
# scored on the same phantoms; arms that part in stage 2 also find volumes by texts and texts by volumes, which is what it is trained for.
# Encoders and packer are compared for every seed, the other arms for the first.
#   weights/demo/ablation.sh [OUT] [full|demo|tiny] [SEED…]      (seeds 1 2 3 unless given; tiny: to see that every step runs)
# OUT/SEED is a folder of train.sh: its phantoms, encoder 1 and decoder are every arm's. demo takes those of this folder instead and trains, for
# each seed, what the arms do not share: packers and adapters, from new starts. Stage 2 has its relation, as in the paper, but in its own arm, which
# has the demo's. Started again, it goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=${1:-artifacts/ablation} scale=${2:-full} seeds=("${@:3}")
[ ${#seeds[@]} -gt 0 ] || seeds=(1 2 3)
recipe=weights/demo/recipe few=() texts=(--steps 2500)
case $scale in
    full) ;;
    demo) few=(--steps 800) ;;
    tiny) few=(--steps 4 --save-every 2 --eval-every 2 --validation-samples 2) texts=() ;;
    *) echo "expected full, demo or tiny, not $scale" >&2; exit 2 ;;
esac

arms=(both encoder1 encoder2 pooling window_1_4_4 window_2_4_4 no_relation no_labels)
declare -A meaning=(
    [both]="both encoders, spatial packer, windows 2×2×2" [encoder1]="encoder 1 alone" [encoder2]="encoder 2 alone"
    [pooling]="both, average pooling in place of the packer" [window_1_4_4]="both, windows 1×4×4"
    [window_2_4_4]="both, windows 2×4×4" [no_relation]="both, stage 2 without its relation to stage 1"
    [no_labels]="both, stages 1 and 2 on texts alone"
)

# arm NAME RECIPE CHANGE CHECKPOINT…: a model as RECIPE says after CHANGE, with the tensors of the checkpoints; packers and adapters are trained
# on reports, as in train.sh.
arm() {
    local name=$1 from=$2 change=$3 checkpoint step; shift 3
    local model="$out/$name.new"
    sed "$change" "$recipe/$from.json" > "$out/$name.json"
    once "$name.new" new "$name.new" "$out/$name.json"
    for checkpoint in "$@"; do
        step=$name.$(basename "$(dirname "$checkpoint")")
        once "$step" make "$step" weights merge --weights "$model" --stage "$checkpoint"
        model="$out/$step"
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

# A hit is a study of the same truth, not of the same kinds alone.
retrieval() { once "$1.retrieved" find_studies "$1"; }
find_studies() {
    hsenet eval retrieval --manifest "$shared/evaluation/structured.test.jsonl" --labels "$shared/evaluation/truth.csv" \
        --weights "$out/$1" --out "$out/$1.retrieval" > "$out/$1.retrieval.txt"
}

# of_seeds ARM AWK…: what a program of awk finds in the scores of each seed that has the arm.
of_seeds() {
    local arm=$1 seed; shift
    for seed in "${seeds[@]}"; do
        [ ! -e "$results/$seed/ablation/$arm.txt" ] || awk "$@" "$results/$seed/ablation/$arm.txt"
    done
}

# Without a hit nothing is said of side, lobe and size.
figures() {
    of_seeds "$1" -v name="$2" '$1 == "f1_micro" { hits = $2 }
        $1 == name { if (hits > 0 || name ~ /^f1|^bleu/) print $2; exit }'
}

# How many kinds have an F1 of 0.5 or more, in the table that stands between the findings and the report.
kinds() { of_seeds "$1" '$1 == "finding" { table = 1; next } $1 == "report:" { exit } table && $3 >= 0.5 { read++ } END { print read + 0 }'; }

# Means over the seeds, and the lowest and highest of them; the intervals of each seed are in its own files.
spread() {
    awk -v digits="$1" '{ sum += $1; if (NR == 1 || $1 < low) low = $1; if (NR == 1 || $1 > high) high = $1 }
        function write(number) { return sprintf("%." digits "f", number) }
        END { if (NR == 0) printf "-"; else printf NR == 1 ? "%s" : "%s (%s-%s)", write(sum / NR), write(low), write(high) }'
}

# The arms that repeat fine-tuning alone, on encoders that they share.
windows() {
    arm window_1_4_4 model 's/"window": \[2, 2, 2\]/"window": [1, 4, 4]/' "$@"
    arm window_2_4_4 model 's/"window": \[2, 2, 2\]/"window": [2, 4, 4]/' "$@"
}
alone='s/dual_vits/2e3_vit/; s/"stages": \[1, 2\]/"stages": [2]/' averaged='s/spatial_packer/average_pooling/'

relation=(--relation-weight 0.1 --relation-steps 300)

# From the demo's stage 1, as many steps as its own stage 2 had; once for all seeds.
related_to_demo() (
    out=$shared few=()
    once one.new new one.new $recipe/volume.json
    once one make one weights merge --weights "$out/one.new" --stage $1
    once related train related stage2 stage2 --manifest "$out/phantoms/structured.json" --weights weights/demo \
        --init "$out/one/model.safetensors" --cache "$out/cache" "${relation[@]}"
)

# Everything but packers and adapters is the demo's, and stage 2 but where its relation is left out.
from_demo() {
    local weights=weights/demo/model.safetensors related=$shared/related/best.safetensors
    related_to_demo $weights
    arm both model '' $weights "$related"
    arm encoder1 volume '' $weights
    arm encoder2 model "$alone" $weights "$related"
    arm pooling model "$averaged" $weights "$related"
    [ "$seed" = "${seeds[0]}" ] || return 0
    windows $weights "$related"
    arm no_relation model '' $weights
    retrieval both
    retrieval no_relation
}

from_nothing() {
    local pairs=$shared/pairs/best.safetensors slices=$shared/slices/best.safetensors related=$out/related/best.safetensors
    local language=$shared/language/best.safetensors manifest=$shared/phantoms/structured.json
    once related train related stage2 stage2 --manifest "$manifest" --weights "$shared/both.sliced" \
        --init "$pairs" --cache "$shared/cache" "${relation[@]}"
    arm both model '' "$pairs" "$slices" "$related" "$language"
    arm encoder1 volume '' "$pairs" "$language"
    arm encoder2 model "$alone" "$slices" "$related" "$language"
    arm pooling model "$averaged" "$pairs" "$slices" "$related" "$language"

    [ "$seed" = "${seeds[0]}" ] || return 0
    # Both stages once more without labels, as many pairs as the labels had volumes.
    once pairs.texts train pairs.texts pairs stage1 --manifest "$manifest" --weights "$shared/both.new" --label-weight 0 \
        --equal-positives off ${texts[@]+"${texts[@]}"}
    local pairs_texts=$out/pairs.texts/best.safetensors
    once texts.encoder make texts.encoder weights merge --weights "$shared/both.new" --stage "$pairs_texts"
    once texts.sliced make texts.sliced weights merge --weights "$out/texts.encoder" --stage "$slices"
    once stage2.texts train stage2.texts stage2 stage2 --manifest "$manifest" --weights "$out/texts.sliced" \
        --init "$pairs_texts" --cache "$shared/cache" --label-weight 0 --equal-positives off "${relation[@]}"
    windows "$pairs" "$slices" "$related" "$language"
    arm no_relation model '' "$pairs" "$slices" "$shared/stage2/best.safetensors" "$language"
    arm no_labels model '' "$pairs_texts" "$slices" "$out/stage2.texts/best.safetensors" "$language"
    retrieval both
    retrieval no_relation
    retrieval no_labels
}

for seed in "${seeds[@]}"; do
    if [ "$scale" = demo ]; then
        weights/demo/train.sh "$results/phantoms" full 1 phantoms
        shared=$(cd "$results/phantoms" && pwd)
    else
        weights/demo/train.sh "$results/$seed" "$scale" "$seed" encoders
        shared=$(cd "$results/$seed" && pwd)
    fi
    out=$results/$seed/ablation
    source weights/demo/steps.sh
    if [ "$scale" = demo ]; then from_demo; else from_nothing; fi
done

{
    echo "Synthetic phantoms, not clinical data. Means over seeds ${seeds[*]} (lowest-highest), or seed ${seeds[0]} alone; seeds are not chosen."
    [ "$scale" != demo ] || echo "Encoder 1 and decoder are the demo's in all rows, trained once; seeds are those of packers and adapters."
    echo
    echo "| arm | kinds read | F1 micro | F1 macro | side | lobe | size error | BLEU-4 |"
    echo "|---|---|---|---|---|---|---|---|"
    for arm in "${arms[@]}"; do
        [ -n "$(kinds "$arm")" ] || continue # an arm of another scale
        printf '| %s | %s' "${meaning[$arm]}" "$(kinds "$arm" | spread 1)"
        for name in f1_micro f1_macro side lobe size_error bleu4; do
            printf ' | %s' "$(figures "$arm" $name | spread 3)"
        done
        echo ' |'
    done
    echo
    echo "Retrieval, percent of $(wc -l < "$shared/evaluation/structured.test.jsonl"), seed ${seeds[0]}; a hit is a study of the same truth."
    echo
    echo "| arm | text of a volume, first / among ten | volume of a text, first / among ten |"
    echo "|---|---|---|"
    for arm in "${arms[@]}"; do
        found=$results/${seeds[0]}/ablation/$arm.retrieval.txt
        [ -e "$found" ] || continue
        awk -v arm="${meaning[$arm]}" '{ hits[$1] = $2 }
            END { printf "| %s", arm
                split("image_to_equal_text text_to_equal_image", ways, " ")
                for (i = 1; i <= 2; i++) printf " | %.1f / %.1f", hits[ways[i] "_1"], hits[ways[i] "_10"]
                print " |" }' "$found"
    done
} | tee "$results/table.md"
