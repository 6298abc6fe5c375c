# What train.sh and ablation.sh are made of: steps that are done once, and runs that are gone on with. Sourced in the repository's root with
# these set: out, a folder; shared, where the phantoms are; seed; recipe; few, options that make a training short.
mkdir -p "$out"
out=$(cd "$out" && pwd)
[ -e artifacts/bin/HSENet.Cli/release/hsenet.dll ] || dotnet build -c Release -v q src/HSENet.Cli
hsenet() { dotnet artifacts/bin/HSENet.Cli/release/hsenet.dll "$@"; }

# once NAME COMMAND…: a finished step is not done again. A command that is a function joins its own by &&: nothing else ends it here.
once() {
    local stamp="$out/.done.$1"; shift
    [ -e "$stamp" ] || { "$@" && touch "$stamp"; }
}

# train NAME RECIPE TASK OPTIONS…: a run that was stopped is gone on with.
train() {
    local name=$1 config=$recipe/$2.json task=$3; shift 3
    if [ -d "$out/$name/checkpoints" ] && [ -n "$(ls "$out/$name/checkpoints")" ]; then
        hsenet train "$task" --out "$out/$name" --resume
    else
        rm -rf "${out:?}/$name"
        hsenet train "$task" --config "$config" --out "$out/$name" --seed "$seed" "$@" ${few[@]+"${few[@]}"}
    fi
}

# make FOLDER COMMAND…: a model folder, which the program writes anew only.
make() {
    local folder="$out/$1"; shift
    rm -rf "${folder:?}"
    hsenet "$@" --out "$folder"
}

# new FOLDER CONFIG OPTIONS…: a model that nothing was trained of, with tokenizers of the phantoms' texts.
new() {
    make "$1" weights new --config "$2" --texts "$shared"/phantoms/{reports,questions,structured}.json --seed "$seed" "${@:3}"
}

# structured NAME WEIGHTS: packers and adapters on reports in one fixed wording, which says something of every kind. What frozen encoders
# give is computed once for each phantom.
structured() {
    once "$1.structured" train "$1.structured" structured report --manifest "$shared/phantoms/structured.json" --weights "$2" \
        --cache "$shared/features"
}

# reports NAME WEIGHTS: the same, and from there reports in their own wording.
reports() {
    structured "$1" "$2"
    once "$1.report" train "$1.report" report report --manifest "$shared/phantoms/reports.json" --weights "$2" \
        --cache "$shared/features" --init "$out/$1.structured/best.safetensors"
}
