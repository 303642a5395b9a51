#!/bin/bash
# An access log of nginx or Apache ("combined"), plain or gzipped, becomes a page of figures.
set -euo pipefail
export LC_ALL=C

zcat -f < "$1" | awk -F '"' '                       # "-separated: 1 who and when, 2 request, 3 status and bytes
    function table(title, counts, rows,    key, sorted) {
        printf "\n%s\n", title
        fflush()
        sorted = "sort -k1,1nr -k2 | sed -n 1," rows "p"
        for (key in counts) printf "%12.0f  %s\n", counts[key], key | sorted
        close(sorted)
    }
    {
        split($3, answer, " ")
        if ($1 !~ /\[[^]]+\]/ || answer[1] !~ /^[1-5][0-9][0-9]$/) { strange++; next }
        split($1, who, " ")
        split($2, request, " ")
        sub(/\?.*/, "", request[2])                 # one page, whatever its query
        requests++
        sent += answer[2]
        statuses[answer[1]]++
        visitors[who[1]]++
        if (answer[1] ~ /^2/) pages[request[2]]++
        if (answer[1] == 404) missing[request[2]]++
        if (answer[1] ~ /^5/) errors++
    }
    END {
        if (!requests) exit 65                      # not one line of an access log: the file is bad
        for (address in visitors) addresses++
        printf "%12.0f  requests\n%12.0f  addresses\n%12.0f  bytes sent\n", requests, addresses, sent
        if (strange) printf "%12.0f  lines that are not in the log format\n", strange
        table("Answers by status", statuses, 20)
        table("Top pages", pages, 10)
        table("Not found", missing, 10)

        output = ENVIRON["BOBBIN_OUTPUT"]           # these values appear in the status file
        printf "requests=%.0f\naddresses=%.0f\nbytes=%.0f\n", requests, addresses, sent > output
        printf "server_errors=%.0f\nstrange_lines=%.0f\n", errors, strange > output
    }
' > "$BOBBIN_WORK/report" || {
    stages=("${PIPESTATUS[@]}")
    case ${stages[*]} in
        "0 65") echo "$BOBBIN_NAME has no line in the combined access-log format" >&2; exit 65 ;;
        *" 0")  echo "$BOBBIN_NAME is a damaged gzip file" >&2; exit 65 ;;
        *)      exit 1 ;;                           # no room on the disk, say: worth another attempt
    esac
}

mv "$BOBBIN_WORK/report" "$BOBBIN_RESULTS/${BOBBIN_NAME%.gz}.report.txt"
echo "wrote ${BOBBIN_NAME%.gz}.report.txt"
