#!/usr/bin/env bash
# Trains the demo's encoder from nothing on phantoms. Every step is a command of the program; started again, it goes on where it was
# stopped, and the same seed gives the same bits on one kind of machine. What is still missing is listed in README.md beside it.
#   weights/demo/train.sh [OUT] [full|tiny] [SEED]      (tiny: two minutes, only to see that every step runs)
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-artifacts/demo} scale=${2:-full} seed=${3:-1}
recipe=weights/demo/recipe
curve=-1050:0,-900:0.3137,-500:0.4902,-150:0.5686,250:0.8431,1000:1
case $scale in
    full) phantoms=8000 split=0.95,0.05,0 located=2100 test=300 few=() ;;
    tiny) phantoms=24 split=0.8,0.2,0 located=6 test=6
          few=(--steps 4 --save-every 2 --eval-every 2 --validation-samples 2) ;;
    *) echo "expected full or tiny, not $scale" >&2; exit 2 ;;
esac
mkdir -p "$out"
out=$(cd "$out" && pwd)
[ -e artifacts/bin/HSENet.Cli/release/hsenet.dll ] || dotnet build -c Release -v q src/HSENet.Cli
hsenet() { dotnet artifacts/bin/HSENet.Cli/release/hsenet.dll "$@"; }

# once NAME COMMAND…: a finished step is not done again.
once() {
    local stamp="$out/.done.$1"; shift
    [ -e "$stamp" ] || { "$@" && touch "$stamp"; }
}

# train NAME TASK OPTIONS…: a run that was stopped is gone on with.
train() {
    local name=$1 task=$2; shift 2
    if [ -d "$out/$name/checkpoints" ] && [ -n "$(ls "$out/$name/checkpoints")" ]; then
        hsenet train "$task" --out "$out/$name" --resume
    else
        rm -rf "${out:?}/$name"
        hsenet train "$task" --config "$recipe/$name.json" --out "$out/$name" --seed "$seed" "$@" ${few[@]+"${few[@]}"}
    fi
}

# make FOLDER COMMAND…: a model folder, which the program writes anew only.
make() {
    local folder="$out/$1"; shift
    rm -rf "${folder:?}"
    hsenet "$@" --out "$folder"
}

# The last checkpoint of a run, if it is there yet: the best is that of whole volumes, which the first stage does not learn.
last() { find "$out/$1/checkpoints" -name '*.safetensors' 2> /dev/null | sort -V | tail -1; }

# Rows of two sets in one manifest beside their folders: those of the located phantoms first.
join_labels() {
    {
        echo '{"train": ['
        sed -n '2,/^\],/p' "$out/located/structured.json" | sed '$d; s#"image":"#"image":"located/#; s#}$#},#'
        sed '1d; s#"image":"#"image":"phantoms/#' "$out/phantoms/structured.json"
    } > "$out/labels.json.part"
    mv "$out/labels.json.part" "$out/labels.json"
}

draw() { hsenet phantom --prepared --size 32,64,64 --average "--curve=$curve" "$@"; }

once phantoms draw --count $phantoms --seed "$((seed * 10 + 1))" --out "$out/phantoms" --split $split
once located draw --count $located --seed "$((seed * 10 + 2))" --out "$out/located" --split 1,0,0 \
    --findings nodule,calcification,consolidation
once test draw --count $test --seed "$((seed * 10 + 3))" --out "$out/test" --split 0,0,1
once joined join_labels
once new make new weights new --config $recipe/model.json --texts "$out"/phantoms/{reports,questions,structured}.json \
    --volumes "$out/phantoms/reports.json" --seed "$seed"

# Encoder 1: first what a lesion looks like, then the labels, then volumes and texts with the labels kept.
once patches train patches stage1 --manifest "$out/labels.json" --weights "$out/new"
once labels train labels stage1 --manifest "$out/labels.json" --weights "$out/new" --init "$(last patches)"
once pairs train pairs stage1 --manifest "$out/phantoms/structured.json" --weights "$out/new" --init "$out/labels/best.safetensors"
once encoder make encoder weights merge --weights "$out/new" --stage "$out/pairs/best.safetensors"

# Encoder 2: first the 2D encoder that guides it, then volumes and texts again, from where encoder 1 is.
once slices train slices slices --manifest "$out/labels.json" --weights "$out/new"
once sliced make sliced weights merge --weights "$out/encoder" --stage "$out/slices/best.safetensors"
once stage2 train stage2 stage2 --manifest "$out/phantoms/structured.json" --weights "$out/sliced" --init "$out/pairs/best.safetensors" \
    --cache "$out/cache"
once encoders make encoders weights merge --weights "$out/sliced" --stage "$out/stage2/best.safetensors"
echo "$out/encoders: both encoders and their text encoders are trained; the decoder and the projectors are as they started"
