/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The help texts of `weir-bench gate` and `weir-bench compare`. See gate_options.h.
 */
#include "gate_options.h"

#define SHARED                                                                                     \
	"  --metrics A,B:20%  figures that decide, each with a minimum effect of its own if it\n"      \
	"                     needs one; unless given those that the output's form says:\n"            \
	"                     ops_per_s and wait_p99 (weir-bench), real_time (google-benchmark),\n"    \
	"                     all but \"gate\": false (\"metrics\")\n"                                 \
	"  --min-effect 5%    smaller changes are no regression (5%)\n"                                \
	"  --alpha 0.5%       chance that equal builds are called a regression (0.5%)\n"               \
	"  --seed N           seed of the bootstrap\n"                                                 \
	"  --json FILE        write the verdict as JSON; -: to standard output, and the table to\n"    \
	"                     standard error\n"                                                        \
	"  --markdown FILE    write it as a comment for a merge request\n"                             \
	"  --junit FILE       write it as JUnit XML, a test case for each figure\n"                    \
	"  --help             this text\n"

const char bench_gate_help[] =
	"usage: weir-bench gate --base-cmd CMD --new-cmd CMD [options]\n"
	"\n"
	"Runs two builds in turn, A B B A, and says whether the new one is slower. Each command\n"
	"is given to /bin/sh -c and prints JSON on standard output: that of\n"
	"`weir-bench run SCENARIO --pools weir --json -`, google-benchmark's, or\n"
	"  {\"metrics\": [{\"scenario\": \"parse\", \"metric\": \"time\", \"unit\": \"ns\",\n"
	"                \"better\": \"lower\", \"values\": [812, 809.5]}]}\n"
	"Runs go on until the figures tell, for --pairs-max pairs at most: many short runs tell\n"
	"more than few long ones.\n"
	"\n"
	"  --base-cmd CMD     the build to compare with\n"
	"  --new-cmd CMD      the build in question\n"
	"  --pairs-max N      pairs of runs at most (1 to 400; 96)\n"
	"  --minutes M        and minutes at most\n"
	"  --timeout S        seconds for one run of a command (600)\n" SHARED "\n"
	"  --instructions     count instructions with valgrind's callgrind instead, of commands\n"
	"                     that do a fixed amount of work\n"
	"  --base-callgrind-cmd CMD, --new-callgrind-cmd CMD\n"
	"                     what to count; then --base-cmd and --new-cmd, if given, are timed too\n"
	"  --instructions-effect 1%\n"
	"                     the minimum effect of counts (1%)\n"
	"\n"
	"  --record FILE      run all pairs, judge nothing, and keep them as noise: give the same\n"
	"                     build twice\n"
	"  --simulate N       the gate's error rates: N trials on each --noise FILE\n"
	"\n"
	"Exit codes: 0 no regression, 1 regression, 2 wrong use, or a command that fails or prints\n"
	"nothing to compare, 3 cannot tell, 8 stopped by the user.\n";

const char bench_compare_help[] =
	"usage: weir-bench compare BASE NEW [options]\n"
	"\n"
	"Compares two files of weir-bench run --json, google-benchmark, or the form that\n"
	"weir-bench gate --help shows, as independent samples. Two files prove less than runs in\n"
	"turn, because whatever changed between them counts: prefer weir-bench gate.\n"
	"\n" SHARED "\n"
	"Exit codes: 0 no regression, 1 regression, 2 wrong use or a bad file, 3 cannot tell.\n";
