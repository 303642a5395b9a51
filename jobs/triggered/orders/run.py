#!/usr/bin/env python3
"""A CSV of orders becomes the totals of each customer, as JSON.

Every hundred rows it saves where it is, so that a second attempt goes on there and does not begin again."""

import csv
import json
import os
import sys
import time
from decimal import Decimal, InvalidOperation
from pathlib import Path

COLUMNS = ["order", "date", "customer", "product", "quantity", "price"]
SAVE_EVERY = 100
BAD_INPUT, TRY_AGAIN = 65, 75                       # exit codes: to failed/ at once; retry after the back-off

checkpoint = Path(os.environ["BOBBIN_CHECKPOINT"])
work = Path(os.environ["BOBBIN_WORK"])
results = Path(os.environ["BOBBIN_RESULTS"])
name = os.environ["BOBBIN_NAME"]

# Two switches for looking at retries and progress (settings.job): pretend to be cut off once, and be slow.
fail_once_at = int(os.environ.get("ORDERS_FAIL_ONCE_AT") or 0)
seconds_per_row = float(os.environ.get("ORDERS_SECONDS_PER_ROW") or 0)


def read(path):
    """All rows, checked; a bad file is refused as a whole, before anything is counted."""
    faults = []
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, strict=True)
        rows = []
        try:
            if reader.fieldnames != COLUMNS:
                refuse([f"the first line must be: {','.join(COLUMNS)}"])
            for row in reader:
                try:
                    row["amount"] = int(row["quantity"]) * Decimal(row["price"])
                    if not row["customer"] or not 0 < row["amount"] < 10**9 or None in row:
                        raise ValueError
                    rows.append(row)
                except (ValueError, TypeError, InvalidOperation):
                    faults.append(f"line {reader.line_num}: " + ", ".join(str(row[each]) for each in COLUMNS))
        except (UnicodeDecodeError, csv.Error) as error:
            faults.append(f"after line {reader.line_num}: {error}")
    if faults:
        refuse(faults)
    return rows


def refuse(faults):
    print(f"{name}: {len(faults)} bad row(s), nothing was counted", *faults[:10], sep="\n  ", file=sys.stderr)
    sys.exit(BAD_INPUT)


def save(row, totals):
    """Write beside, then rename: a crash leaves the old checkpoint or the new one, never half of one."""
    fresh = work / "checkpoint.new"
    fresh.write_text(json.dumps({"row": row, "totals": totals}))
    fresh.replace(checkpoint)


def main():
    rows = read(sys.argv[1])
    first, totals = 0, {}
    if checkpoint.exists():
        saved = json.loads(checkpoint.read_text())
        first, totals = saved["row"], saved["totals"]
        print(f"resuming at row {first} of {len(rows)}", flush=True)

    for number, row in enumerate(rows[first:], start=first + 1):
        if number == fail_once_at and os.environ["BOBBIN_ATTEMPT"] == "1":
            print(f"cut off at row {number} (pretended: ORDERS_FAIL_ONCE_AT)", file=sys.stderr)
            sys.exit(TRY_AGAIN)
        customer = totals.setdefault(row["customer"], {"orders": 0, "total": "0.00"})
        customer["orders"] += 1
        customer["total"] = str(Decimal(customer["total"]) + row["amount"])
        time.sleep(seconds_per_row)
        if number % SAVE_EVERY == 0:
            save(number, totals)
        if number % 10 == 0:
            with open(os.environ["BOBBIN_PROGRESS"], "a") as progress:
                print(100 * number // len(rows), f"rows {number} of {len(rows)}", file=progress)

    grand = sum((Decimal(each["total"]) for each in totals.values()), Decimal("0.00"))
    report = {"file": name, "customers": dict(sorted(totals.items())), "orders": len(rows), "total": str(grand)}
    (results / f"{Path(name).stem}.totals.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    with open(os.environ["BOBBIN_OUTPUT"], "w") as output:
        print(f"orders={len(rows)}", f"customers={len(totals)}", f"total={grand}", sep="\n", file=output)
    print(f"counted {len(rows)} orders of {len(totals)} customers, {grand} in all")


if __name__ == "__main__":
    main()
