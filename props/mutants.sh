#!/bin/bash
# Prints the table of mutants that the suites noted: property x mutant, each killed, and the length
# of the shortest sequence that kills it. Fails when one survived, and when there are fewer than
# FEWEST, or fewer than FOUR of a property.
#
# usage: mutants.sh FEWEST FOUR FILE...
set -euo pipefail

fewest=$1 four=$2
shift 2
cat "$@" | sort -t $'\t' -k1,1 -s | awk -F '\t' -v fewest="$fewest" -v four="$four" '
    BEGIN { printf "%-15s %-72s %-9s %4s %5s %6s %6s\n", "property", "mutant", "", "from", "calls", "tries", "ms" }
    {
        printf "%-15s %-72s %-9s %4d %5d %6d %6d\n", $1, $2, $3, $5, $6, $7, $8
        count[$1]++
        if ($3 != "killed") { survived++ }
        if ($6 > longest) { longest = $6 }
        if ($8 > slowest) { slowest = $8 }
    }
    END {
        printf "%d mutants of %d properties, %d survived; at most %d calls, at most %d ms to shrink\n", NR, length(count), survived, longest, slowest
        for (name in count)
            if (count[name] < four) {
                printf "%s has fewer than %d mutants\n", name, four
                bad = 1
            }
        if (NR < fewest) {
            printf "fewer than %d mutants\n", fewest
            bad = 1
        }
        exit bad || survived > 0
    }'
