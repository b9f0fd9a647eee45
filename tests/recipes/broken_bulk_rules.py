"""The rules of bulk calls that `scripts/mutants` breaks, one at a time."""

from __future__ import annotations

from tests.simulator.broken_rules import Mutant

BULK_MUTANTS = [
    Mutant("at most so many batches are in flight", "bulk.py", "len(self._in_flight) < self._connections", "True"),
    Mutant(
        "of two values of a key the later remains",
        "bulk.py",
        "if self._is_ordered and not self._busy.isdisjoint(batch.keys):",
        "if self._is_ordered and self._busy == batch.keys:",
    ),
    Mutant(
        "a key is free once its batch is over", "bulk.py", "            self._busy.difference_update(batch.keys)\n", "            pass\n"
    ),
    Mutant(
        "nothing is sent after a failure",
        "bulk.py",
        "    def _fail(self, batch: Batch, error: ConsulateException) -> None:\n        self._is_stopping = True\n",
        "    def _fail(self, batch: Batch, error: ConsulateException) -> None:\n",
    ),
    Mutant("what is in flight after a failure is waited for", "bulk.py", "return not self._in_flight and (", "return ("),
    Mutant("Stop gives up what is in flight", "bulk.py", "            self._effects.append(Cancel(name))\n", ""),
    Mutant(
        "what waits after a failure is not sent",
        "bulk.py",
        "(in_flight, waiting) if self.is_stopping",
        "(in_flight + waiting, []) if self.is_stopping",
    ),
    Mutant("positions without a key count as unchanged", "bulk.py", "unchanged=self.taken - self.covered", "unchanged=0"),
    Mutant(
        "a key that is deleted has no position",
        "bulk.py",
        "for position in self.positions if position is not None]",
        "for position in range(len(self.positions))]",
    ),
    Mutant("a lost answer is unknown", "bulk_result.py", "        return self.error.maybe_applied\n", "        return False\n"),
    Mutant("what is unknown is not applied", "bulk_result.py", "*self.failed, *self.unknown))", "*self.failed))"),
    Mutant(
        "a transaction has 64 or 128 operations",
        "bulk_batches.py",
        "self._size + size <= MOST_BYTES and len(self._changes) < self._most",
        "self._size + size <= MOST_BYTES and len(self._changes) <= self._most",
    ),
    Mutant(
        "a transaction of plain pairs has 64 or 128 operations",
        "bulk_batches.py",
        "if size <= MOST_BYTES and len(self._changes) < self._most",
        "if size <= MOST_BYTES and len(self._changes) <= self._most",
    ),
    Mutant("a transaction of plain pairs has 512 KiB", "bulk_batches.py", "if size <= MOST_BYTES and", "if"),
    Mutant("after a failure at most one more item is taken", "bulk_batches.py", " and not self.is_stopped:", ":"),
    Mutant("a pair has the flags of the call", "bulk_batches.py", "(*item, flags)", "(*item, 0)"),
    Mutant("the flags of a pair are in their range", "bulk_batches.py", " and 0 <= number < _SMALL", ""),
    Mutant(
        "members are in each operation of a pair",
        "bulk_batches.py",
        "_write_put(key, body, number, members)",
        '_write_put(key, body, number, "")',
    ),
    Mutant("only the first transaction tries more", "bulk_batches.py", "            self._most = MOST_OPERATIONS\n", "            pass\n"),
    Mutant("what Consul accepts is learned", "bulk_batches.py", "if accepts_more is not None:", "if accepts_more:"),
    Mutant("a batch has two halves", "bulk_batches.py", "self._transaction(changes[middle:])", "self._transaction(changes[:middle])"),
    Mutant("only a batch that was too large is halved", "bulk.py", "_has_too_many_operations(event.error):", "True:"),
    Mutant("a batch that is accepted says so", "bulk.py", "                    self._accepts_more = True\n", "                    pass\n"),
    Mutant("halves come before later batches", "bulk.py", "self._waiting.extendleft(", "self._waiting.extend("),
    Mutant(
        "the first half comes before the second",
        "bulk.py",
        '[(f"{event.name}, second half", second), (f"{event.name}, first half", first)]',
        '[(f"{event.name}, first half", first), (f"{event.name}, second half", second)]',
    ),
    Mutant("a transaction has 512 KiB", "bulk_batches.py", "self._size + size <= MOST_BYTES", "self._size <= MOST_BYTES"),
    Mutant(
        "a value that fits no transaction is alone", "bulk_batches.py", "elif _BRACKETS + size > MOST_BYTES:", "elif size > 2 * MOST_BYTES:"
    ),
    Mutant(
        "what differs in its flags is written",
        "bulk_trees.py",
        '(record["Value"], record["Flags"]) == (pair.body, pair.flags)',
        'record["Value"] == pair.body',
    ),
    Mutant("what is not named is deleted", "bulk_trees.py", 'if pair is None or record["Key"] < pair.key:', "if pair is None:"),
    Mutant("pairs are in order", "bulk_trees.py", "pair.key <= self._last_pair:", "pair.key == self._last_pair:"),
    Mutant(
        "the records of a tree are in order", "bulk_trees.py", 'record["Key"] <= self._last_record', 'record["Key"] == self._last_record'
    ),
    Mutant(
        "trees that overlap are not copied", "bulk_trees.py", "source.startswith(target) or target.startswith(source)", "source == target"
    ),
]
