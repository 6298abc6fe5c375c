#!/usr/bin/env bash
# Trains the demo from nothing on phantoms. Every step is a command of the program; started again, it goes on where it was stopped, and
# the same seed gives the same bits on one kind of machine. What is still missing is listed in README.md beside it.
#   weights/demo/train.sh [OUT] [full|tiny] [SEED] [all|encoders|phantoms]
# tiny takes two minutes, only to see that every step runs; encoders leaves out the packers and adapters, phantoms all training.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-artifacts/demo} scale=${2:-full} seed=${3:-1} what=${4:-all}
recipe=weights/demo/recipe
curve=-1050:0,-900:0.3137,-500:0.4902,-150:0.5686,250:0.8431,1000:1
case $scale in
    full) phantoms=8000 split=0.95,0.05,0 located=2100 test=1500 few=() ;;
    tiny) phantoms=120 split=0.8,0.2,0 located=24 test=20
          few=(--steps 4 --save-every 2 --eval-every 2 --validation-samples 2) ;;
    *) echo "expected full or tiny, not $scale" >&2; exit 2 ;;
esac
case $what in all | encoders | phantoms) ;; *) echo "expected all, encoders or phantoms, not $what" >&2; exit 2 ;; esac
source weights/demo/steps.sh
shared=$out

# The last checkpoint of a run, if it is there yet: the best is that of whole volumes, which the first stage does not learn.
last() { find "$out/$1/checkpoints" -name '*.safetensors' 2> /dev/null | sort -V | tail -1; }

# Rows of two sets in one manifest beside their folders: those of the located phantoms first.
join_labels() {
    {
        echo '{"train": ['
        sed -n '2,/^\],/p' "$out/located/structured.json" | sed '$d; s#"image":"#"image":"located/#; s#}$#},#'
        sed '1d; s#"image":"#"image":"phantoms/#' "$out/phantoms/structured.json"
    } > "$out/labels.json.part" &&
    mv "$out/labels.json.part" "$out/labels.json"
}

# Reports in both wordings, and every fifth question, which are ten times as many: what a decoder learns to write before it sees.
join_words() {
    {
        echo '{"train": ['
        for set in reports structured questions; do sed -n '2,/^\],/p' "$out/phantoms/$set.json" | sed '$d; s#}$#},#'; done | some
        echo '],'; echo '"validation": ['
        for set in reports structured questions; do sed '1,/^\],/d; /^"validation"/d; /^\]}/d; s#}$#},#' "$out/phantoms/$set.json"; done | some
        echo ']}'
    } > "$out/words.json.part" &&
    mv "$out/words.json.part" "$out/words.json"
}
some() { sed 's#"image":"#"image":"phantoms/#' | awk '/"text":/ || n++ % 5 == 0' | sed '$ s#,$##'; }

# words MODEL ENCODERS: packers and adapters on reports, then on questions, from a folder with trained encoders and the trained decoder;
# what frozen encoders give is computed once for each phantom.
words() {
    local model=$1 encoders=$2
    once "$model.base" make "$model.base" weights merge --weights "$out/$encoders" --stage "$out/language/best.safetensors"
    reports "$model" "$out/$model.base"
    once "$model.vqa" train "$model.vqa" vqa vqa --manifest "$out/phantoms/questions.json" --weights "$out/$model.base" \
        --cache "$out/features" --init "$out/$model.report/best.safetensors"
    once "$model" finish "$model" "$encoders"
}

# finish MODEL ENCODERS: the folder that is used, in bf16, with both adapters, and with what tells volumes unlike phantoms.
finish() {
    make "$1" weights merge --weights "$out/$2" --stage "$out/language/best.safetensors" --dtype bf16 &&
    hsenet weights add-adapter --weights "$out/$1" --adapter "report=$out/$1.report/adapter" &&
    hsenet weights add-adapter --weights "$out/$1" --adapter "vqa=$out/$1.vqa/adapter" &&
    hsenet weights familiarity --weights "$out/$1" --manifest "$out/phantoms/reports.json" --count 3000
}

draw() { hsenet phantom --prepared --size 32,64,64 --average "--curve=$curve" "$@"; }

once phantoms draw --count $phantoms --seed "$((seed * 10 + 1))" --out "$out/phantoms" --split $split
once evaluation draw --count $test --seed "$((seed * 10 + 3))" --out "$out/evaluation" --split 0.8,0,0.2
[ $what != phantoms ] || exit 0
once located draw --count $located --seed "$((seed * 10 + 2))" --out "$out/located" --split 1,0,0 \
    --findings nodule,calcification,consolidation
once joined join_labels
once words join_words
once one.new new one.new $recipe/volume.json --volumes "$out/phantoms/reports.json"

# Encoder 1: first what a lesion looks like, then the labels, then volumes and texts with the labels kept.
once patches train patches patches stage1 --manifest "$out/labels.json" --weights "$out/one.new"
once labels train labels labels stage1 --manifest "$out/labels.json" --weights "$out/one.new" --init "$(last patches)"
once pairs train pairs pairs stage1 --manifest "$out/phantoms/structured.json" --weights "$out/one.new" \
    --init "$out/labels/best.safetensors"
once one.encoder make one.encoder weights merge --weights "$out/one.new" --stage "$out/pairs/best.safetensors"

# The words, with encoder 1 alone.
once language train language language language --manifest "$out/words.json" --weights "$out/one.encoder"
[ $what = encoders ] || words one one.encoder

# Encoder 2: first the 2D encoder that guides it, then volumes and texts again, from where encoder 1 is; then the words with both.
once both.new new both.new $recipe/model.json --volumes "$out/phantoms/reports.json"
once both.encoder make both.encoder weights merge --weights "$out/both.new" --stage "$out/pairs/best.safetensors"
once slices train slices slices slices --manifest "$out/labels.json" --weights "$out/both.new"
once both.sliced make both.sliced weights merge --weights "$out/both.encoder" --stage "$out/slices/best.safetensors"
once stage2 train stage2 stage2 stage2 --manifest "$out/phantoms/structured.json" --weights "$out/both.sliced" \
    --init "$out/pairs/best.safetensors" --cache "$out/cache"
once both.encoders make both.encoders weights merge --weights "$out/both.sliced" --stage "$out/stage2/best.safetensors"
[ $what != encoders ] || exit 0
words both both.encoders
echo "$out/both: the demo; $out/one: the same with encoder 1 alone"
