#!/usr/bin/env bash
# Scores a model on phantoms that it never saw, and beside it what needs no model: floors and ceiling.
#   weights/demo/evaluate.sh MODEL PHANTOMS OUT
# PHANTOMS is a folder of 'hsenet phantom --prepared' with phantoms for training (the floors learn from them) and for the test, as in
#   hsenet phantom --prepared --size 32,64,64 --average --curve=… --count 1500 --seed 9 --split 0.8,0,0.2 --out PHANTOMS
# Started again, it goes on where it was stopped. MODEL may be "none": floors and ceiling alone.
set -euo pipefail
model=${1:?a model folder, or none} phantoms=${2:?a folder of phantoms} out=${3:?a folder for the results}
root=$(cd "$(dirname "$0")/../.." && pwd)
hsenet() { dotnet "$root/artifacts/bin/HSENet.Cli/release/hsenet.dll" "$@"; }
mkdir -p "$out/floors"

hsenet phantom baselines "$phantoms" --out "$out/floors"
for reader in normal ridge oracle; do
    hsenet score findings "$out/floors/reports.$reader.jsonl" > "$out/findings.$reader.txt"
    hsenet score report "$out/floors/reports.$reader.jsonl" > "$out/report.$reader.txt"
done
types=(presence count side lobe size number place)
for reader in yes commonest oracle; do
    for type in "${types[@]}"; do
        grep "\"type\":\"$type\"" "$out/floors/answers.$reader.jsonl" > "$out/floors/answers.$reader.$type.jsonl"
        hsenet score vqa "$out/floors/answers.$reader.$type.jsonl" > "$out/answers.$reader.$type.txt"
    done
done
if [ "$model" != none ]; then
    hsenet eval report --manifest "$phantoms/reports.test.jsonl" --weights "$model" --out "$out/report"
    hsenet score findings "$out/report/scores.csv" > "$out/findings.model.txt"
    cp "$out/report/summary.json" "$out/report.model.json"
    for type in "${types[@]}"; do
        # Beside the other manifests: its paths are relative to them.
        grep "\"type\":\"$type\"" "$phantoms/questions.test.jsonl" > "$phantoms/questions.test.$type.jsonl"
        hsenet eval vqa --manifest "$phantoms/questions.test.$type.jsonl" --weights "$model" --out "$out/vqa.$type" \
            > "$out/answers.model.$type.txt"
    done
    # A space for volumes and texts is what encoder 2 has.
    if grep -q '"remain_2d3d_ViT_type": "dual_vits"' "$model/config.json"; then
        # Kinds for volume to volume; then every study of the same truth as a hit, of the embeddings that are there.
        hsenet eval retrieval --manifest "$phantoms/structured.test.jsonl" --labels "$phantoms/labels.csv" --weights "$model" \
            --out "$out/retrieval" > "$out/retrieval.kinds.txt"
        hsenet eval retrieval --manifest "$phantoms/structured.test.jsonl" --labels "$phantoms/truth.csv" --weights "$model" \
            --out "$out/retrieval" > "$out/retrieval.truth.txt"
    fi
fi

# How far sizes in millimetres are off, as shares of the right ones, smallest first: a size is hardly ever said to the millimetre.
size_errors() {
    sed -nE 's#.*"reference":"([0-9]+) mm","prediction":"([0-9]+) mm".*#\1 \2#p; s#.*,([0-9]+) mm,"? ?([0-9]+) mm.*#\1 \2#p' "$1" 2> /dev/null |
        awk '{ error = ($2 - $1) / $1; print error < 0 ? -error : error }' | sort -n
}
median() { awk '{ of[NR] = $1 } END { if (NR) printf "%.4f", of[int((NR + 1) / 2)] }'; }
near() { awk '{ right += $1 <= 0.25 } END { if (NR) printf "%.4f", right / NR }'; }

figure() { awk -v name="$1" '$1 == name { print $2; exit }' "$2" 2> /dev/null || true; }
{
    printf '%-12s %9s %9s %9s %9s\n' findings normal ridge model oracle
    for name in f1_micro f1_macro side lobe number size_error; do
        printf '%-12s' $name
        for reader in normal ridge model oracle; do
            printf ' %9s' "$(figure $name "$out/findings.$reader.txt" | grep . || echo -)"
        done
        echo
    done
    printf '\n%-14s %9s %9s %9s %9s\n' 'F1 of a kind' yes ridge model oracle
    for kind in nodule effusion consolidation emphysema calcification cardiomegaly pneumothorax; do
        printf '%-14s %9s' $kind "$(awk -v kind=$kind '$1 == kind { print $6; exit }' "$out/findings.oracle.txt")"
        for reader in ridge model oracle; do
            printf ' %9s' "$(awk -v kind=$kind '$1 == kind { print $3; exit }' "$out/findings.$reader.txt" 2> /dev/null | grep . || echo -)"
        done
        echo
    done
    printf '\n%-12s %9s %9s %9s %9s\n' answers yes commonest model oracle
    for type in "${types[@]}"; do
        printf '%-12s' $type
        for reader in yes commonest model oracle; do
            printf ' %9s' "$(figure acc_text "$out/answers.$reader.$type.txt" | grep . || echo -)"
        done
        echo
    done
    for what in median near; do
        printf '%-12s' "size, $what"
        for file in floors/answers.{yes,commonest}.size.jsonl vqa.size/scores.csv floors/answers.oracle.size.jsonl; do
            printf ' %9s' "$(size_errors "$out/$file" | $what | grep . || echo -)"
        done
        echo
    done
    if [ -e "$out/retrieval.truth.txt" ]; then
        printf '\nretrieval, a hit is a study of the same truth\n'
        grep -E '_(1|10) ' "$out/retrieval.truth.txt" | grep -E 'equal' || true
    fi
} | tee "$out/table.txt"
