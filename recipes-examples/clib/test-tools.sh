set -ex

tally --version | grep "tally 1.2.0"
tally words.txt > counts.txt
grep "^ *3 recipe$" counts.txt
# "the" is a stop word: it is not counted
! grep " the$" counts.txt
