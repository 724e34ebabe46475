# Read by bash before a traced script (BASH_ENV), behind lines that set __cbw_d (the folder of the pipes),
# __cbw_main (the script) and __cbw_follow. docs/trace-protocol.md tells what goes through the pipes.
#
# What runs before each command is as short as can be (__cbw_ask, quick.py); __cbw_at is called only where that says
# so. Nothing here starts a process, keeps a descriptor open, or writes to the script's own output, also under `set -x`.
#
# __cbw_s: look at every command   __cbw_b[LINE]: look at this line    __cbw_j: going to another place of the text
# __cbw_t: inside a trap of ours (set where a redirection is expanded: no command runs before that)
# __cbw_k: skip the command        __cbw_in: 1 evaluating in the script's own scope, 2 the same, and then go on
# __cbw_tr: EXIT or ERR inside the script's own trap, where bash names the command it interrupted, and for ERR (EXIT)
# counts the trap's lines on from that one (from 1); __cbw_trn: the number of frames there; __cbw_el: the failed line
__cbw_s=0 __cbw_j=0 __cbw_k=0 __cbw_in=0 __cbw_level=0 __cbw_busy=0 __cbw_mode=run __cbw_depth=0 __cbw_sub=0 __cbw_after=0 __cbw_gen=0 __cbw_rec=0 __cbw_rn=0 __cbw_fail=0
__cbw_kind= __cbw_r=0 __cbw_l= __cbw_do= __cbw_seen=0 __cbw_was=0 __cbw_ee= __cbw_e=${__cbw_e:-0}
__cbw_t=0 __cbw_args=() __cbw_pass=() __cbw_exit= __cbw_exit_at=0 __cbw_err= __cbw_err_at=0 __cbw_dbg=
declare -ra __cbw_null=(/dev/null) __cbw_2=(2 - -)
__cbw_tr= __cbw_trn=0 __cbw_el=0 __cbw_ret= __cbw_retf= __cbw_w=0 __cbw_T=${__cbw_T:-0}
declare -A __cbw_set=() # where the script set its traps: LINE:FILE (__cbw_retf: the function)
declare -a __cbw_b=() __cbw_bn=() __cbw_bk=() __cbw_bv=() __cbw_bf=() __cbw_bl=() __cbw_bc=() __cbw_bi=() __cbw_bj=() __cbw_bo=()

# The decision. $1: D (before a command), E (a command failed); then $?, LINENO, BASH_COMMAND, $_, $-, $@ of the script.
# Status 0: the caller is to evaluate __cbw_do in the script's scope and to call again; 1: go on.
__cbw_at() {
  if ((__cbw_t)) && [[ $1 == D ]]; then __cbw_k=0; return 1; fi
  case ${FUNCNAME[1]} in trap | __cbw_*) __cbw_k=0; return 1 ;; esac
  if ((__cbw_in && BASH_SUBSHELL != __cbw_level)); then return 1; fi  # a ( … ) in what is evaluated
  if ((__cbw_in)) && [[ $1 == "$__cbw_kind" ]]; then
    builtin local - __cbw_go="$__cbw_in"; builtin set +euxETvfn; [[ ${IFS@a} == *r* ]] || builtin local IFS=$' \t\n'
    __cbw_in=0
    if ((__cbw_go == 2)); then __cbw_busy=0; return 1; fi
    if ((__cbw_j)); then __cbw_jump "$1"; return; fi
    builtin printf 'done\t%s\0' "$__cbw_r" >"$__cbw_d/up"
    __cbw_listen; return
  fi
  if ((__cbw_busy)); then return 1; fi
  if [[ $__cbw_ee ]]; then __cbw_ee= __cbw_gen=-1; builtin set -e; fi
  __cbw_l=$5 __cbw_k=0 __cbw_ifs="${IFS-}"
  builtin local -; builtin set +euxETvfn; [[ ${IFS@a} == *r* ]] || builtin local IFS=$' \t\n'
  builtin local __cbw_n=$((${#FUNCNAME[@]} + __cbw_base)) __cbw_text=0
  if [[ $__cbw_tr ]]; then
    if ((${#FUNCNAME[@]} == __cbw_trn)); then
      __cbw_text=1 # in the trap's own text
      builtin local __cbw_v="$__cbw_err"
      case $__cbw_tr in EXIT) __cbw_v=$__cbw_exit ;; RETURN) __cbw_v=$__cbw_ret ;; esac
      builtin set -- "$1" "$2" "${__cbw_set[$__cbw_tr]%%:*}" "$__cbw_v" "$5" "$6" "${@:7}"
    fi
    __cbw_n=$((__cbw_n + 1)) # a trap is a level of its own
  fi
  if ((__cbw_j)); then
    if [[ $1 == D && $4 == ': __cbw_begin' ]]; then
      __cbw_j=0 __cbw_tr=; __cbw_stop "$1" begin 0 "$2" "$3" "$4" "$6"; return
    fi
    __cbw_jump "$1"; return
  fi
  if ((__cbw_first)); then
    __cbw_first=0 __cbw_gen=-1
    builtin printf 'began\t%s\0' "$BASHPID" >"$__cbw_d/up"
  fi
  if ((__cbw_n == 2)); then __cbw_args=("${@:7}"); fi
  builtin local __cbw_g=
  builtin read -r __cbw_g <"$__cbw_d/gen" && [[ $__cbw_g == "$__cbw_gen" ]] || { builtin source "$__cbw_d/state.sh" && __cbw_arm; } || { __cbw_give_up; return 1; }
  if [[ $1 == E ]]; then
    builtin printf '%s\t%s\t%s\t%s\t%s\t%s\0' "$2" "$BASH_SUBSHELL" "$6" "$3" "${BASH_SOURCE[1]-}" "$4" >>"$__cbw_d/failed"
    __cbw_el=$3
    if ((__cbw_fail)) && [[ $6 == *e* ]]; then __cbw_seen=$2; __cbw_stop "$1" failure 0 "$2" "$3" "$4" "$6"; return; fi
    return 1
  fi
  if ((__cbw_follow)); then __cbw_m=; __cbw_rows 1 "$3"; builtin printf '%s%s\0' "$((BASH_SUBSHELL + __cbw_bsub))" "$__cbw_m$__cbw_up" >"$__cbw_d/at.$BASHPID"; fi
  if [[ $__cbw_tr ]] || ((__cbw_base)); then :; elif ((__cbw_rn < __cbw_rec)) || { ((__cbw_rec && __cbw_n == 2)) && [[ ${__cbw_rb[$3]-} ]]; }; then
    builtin printf '%s\t%s\t%s\t%s\t%s\t%s\0' "$EPOCHREALTIME" "$BASHPID" "$__cbw_n" "$3" "${BASH_SOURCE[1]}" "$4" >>"$__cbw_d/record"
    if ((__cbw_rn < __cbw_rec)); then
      if ((++__cbw_rn == __cbw_rec)); then builtin source "$__cbw_d/state.sh"; __cbw_arm; fi  # enough: the tops from here on
    elif ((__cbw_n == 2)); then
      if [[ ${__cbw_b[$3]-} == 2 ]]; then builtin unset "__cbw_b[$3]"; fi
      builtin unset "__cbw_rb[$3]"
    fi
  fi
  if ((__cbw_n == 2 && !BASH_SUBSHELL)) && [[ ${__cbw_sn[$3]-} ]]; then
    __cbw_stop "$1" snapshot 0 "$2" "$3" "$4" "$6"
  fi
  builtin local __cbw_hit=0 __cbw_why
  while :; do
    __cbw_why=
    case $__cbw_mode in
      step) __cbw_why=step ;;
      next) if ((__cbw_n <= __cbw_depth && BASH_SUBSHELL + __cbw_bsub <= __cbw_sub && (__cbw_n < __cbw_depth || $3 > __cbw_after))); then __cbw_why=step; fi ;;
      finish) if ((__cbw_n < __cbw_depth)); then __cbw_why=step; fi ;;
    esac
    if [[ ! $__cbw_why ]]; then
      __cbw_look "$3" "$4" "$2" "$6"
      __cbw_was=$__cbw_n
      if ((__cbw_hit)); then __cbw_why=${__cbw_bo[__cbw_hit]}; else return 1; fi
    fi
    __cbw_stop "$1" "$__cbw_why" "$__cbw_hit" "$2" "$3" "$4" "$6"
    case $? in 0) return 0 ;; 2) __cbw_busy=0 __cbw_hit=0 ;; *) return 1 ;; esac
  done
}

# Which breakpoint holds here: its number into __cbw_hit. $1 line, $2 command, $3 status.
__cbw_look() {
  builtin local __cbw_i __cbw_v __cbw_h=0 REPLY # read into REPLY: whatever IFS is, all of it; several may hold: the first stops, the others are noted as passed
  for __cbw_i in "${__cbw_bn[@]}"; do
    # the command that is gone on with is not stopped at again before it has run
    if [[ ${__cbw_pass[$1]-} && ${__cbw_bk[__cbw_i]} == @(line|command) ]]; then continue; fi
    if [[ $__cbw_tr ]]; then # what bash tells of the command is of the one before the trap
      case ${__cbw_bk[__cbw_i]} in
        command | exit | exec) continue ;;
        line) if ((__cbw_text)); then continue; fi ;;
      esac
    fi
    case ${__cbw_bk[__cbw_i]} in
      line) [[ $1 == "${__cbw_bl[__cbw_i]}" ]] || continue
        __cbw_v=${BASH_SOURCE[2]}
        [[ $__cbw_v == "${__cbw_bf[__cbw_i]}" || $__cbw_v == */"${__cbw_bf[__cbw_i]#./}" || ( ${__cbw_v##*/} == "${__cbw_bf[__cbw_i]##*/}" && $__cbw_v -ef ${__cbw_bv[__cbw_i]} ) ]] || continue ;;
      function) [[ ${FUNCNAME[2]} == "${__cbw_bv[__cbw_i]}" ]] && ((__cbw_n > __cbw_was)) || continue ;;
      command) [[ $2 == ${__cbw_bv[__cbw_i]} ]] || continue ;;
      exit) [[ $2 == exit* ]] && ((!__cbw_base)) || continue
        __cbw_v=${2#exit}; __cbw_v=${__cbw_v//[[:space:]]/}
        [[ $__cbw_v == [0-9]* ]] || { [[ $__cbw_v ]] && __cbw_v=1 || __cbw_v=$3; }
        [[ $__cbw_v != 0 ]] || continue
        __cbw_seen=$__cbw_v ;;
      exec) [[ $2 == 'exec '[!0-9\<\>\&\{]* ]] || continue
        builtin printf 'exec\t%s\0' "${2//[$'\t\n\\']/ }" >"$__cbw_d/up"; continue ;;
      variable)
        __cbw_v=${__cbw_bv[__cbw_i]}'[*]'; __cbw_v=${!__cbw_v+set:${!__cbw_v}}
        if ((__cbw_w[__cbw_i])); then
          [[ $__cbw_v != "${__cbw_wv[__cbw_i]}" ]] || continue
        fi
        __cbw_wv[__cbw_i]=$__cbw_v
        ((__cbw_w[__cbw_i]++)) || continue ;;
      file)
        # what was seen is kept in a file: a subshell that stopped for it has stopped for all
        REPLY=none
        { builtin read -r -d '' <"$__cbw_d/files.$__cbw_i"; } 2>/dev/null || :
        builtin local __cbw_p="$REPLY"
        __cbw_files "${__cbw_bv[__cbw_i]}" "$__cbw_p"
        if [[ $__cbw_p != none && $__cbw_v == "$__cbw_p" ]] && ((!__cbw_hit)); then continue; fi
        __cbw_hit=0
        builtin printf '%s\0' "$__cbw_v" >"$__cbw_d/files.$__cbw_i"
        [[ $__cbw_p != none ]] || continue ;;
      *) continue ;;
    esac
    if [[ ${__cbw_bc[__cbw_i]} ]]; then eval "${__cbw_bc[__cbw_i]}" >/dev/null 2>&1 </dev/null || continue; fi
    if ((__cbw_bi[__cbw_i])); then # counted in a file, for all processes of the script
      REPLY=
      { builtin read -r <"$__cbw_d/passed.${__cbw_bj[__cbw_i]}"; } 2>/dev/null || :
      if ((${#REPLY} < __cbw_bi[__cbw_i])); then builtin printf . >>"$__cbw_d/passed.${__cbw_bj[__cbw_i]}"; continue; fi
    fi
    if ((__cbw_h)); then builtin printf . >>"$__cbw_d/passed.${__cbw_bj[__cbw_i]}"; else __cbw_h=$__cbw_i; fi
  done
  __cbw_hit=$__cbw_h __cbw_pass=()
}

# The files of a pattern that are there into __cbw_v; one that was written since the last look is marked.
__cbw_files() {
  builtin local __cbw_p __cbw_new=0 __cbw_failglob=0
  [[ ${IFS@a} == *r* ]] || builtin local IFS=
  __cbw_v=
  if [[ $BASHOPTS == *failglob* ]]; then __cbw_failglob=1; builtin shopt -u failglob; fi
  for __cbw_p in $1; do
    [[ -e $__cbw_p || -L $__cbw_p ]] || continue
    if [[ $__cbw_p -nt $__cbw_d/stamp ]]; then __cbw_new=1; fi
    __cbw_v+=" $__cbw_p"
  done
  if ((__cbw_failglob)); then builtin shopt -s failglob; fi
  if ((__cbw_new)); then __cbw_hit=-1; fi
  if ((__cbw_new)) || [[ $2 == none ]]; then builtin printf . >"$__cbw_d/stamp"; fi
}

# A stop: wait for our turn, tell where we are, and do as we are told. $1 kind, $2 reason, $3 breakpoint, $4 $?,
# $5 line, $6 command, $7 $-
__cbw_stop() {
  builtin local __cbw_m __cbw_f __cbw_i REPLY
  __cbw_busy=1 __cbw_kind=$1 __cbw_level=$BASH_SUBSHELL
  until builtin read -r __cbw_m <"$__cbw_d/turn"; do (($? > 128)) || { __cbw_give_up; return 1; }; done
  if [[ $2 == step || $2 == breakpoint ]] && builtin read -r <"$__cbw_d/gen" && [[ $REPLY != "$__cbw_gen" ]]; then
    # while it waited for another process the person went on: what was to stop it may hold no more (status 2)
    { builtin source "$__cbw_d/state.sh" && __cbw_arm; } || { __cbw_give_up; return 1; }
    if [[ $2 == step && $__cbw_mode != step || $2 == breakpoint && ! ${__cbw_bk[$3]-} ]]; then __cbw_leave; return 2; fi
  fi
  __cbw_m="stop"$'\t'"$1"$'\t'"$2"$'\t'"$3"$'\t'"$BASHPID"$'\t'"$((BASH_SUBSHELL + __cbw_bsub))"$'\t'"$4"$'\t'"$7"
  __cbw_f=$6; __cbw_escape; __cbw_m+=$'\t'$__cbw_f
  __cbw_f=$PWD; __cbw_escape; __cbw_m+=$'\t'$__cbw_f
  __cbw_rows 2 "$5"
  builtin printf '%s\0' "$__cbw_m$__cbw_up" >"$__cbw_d/up"
  __cbw_listen
}

# The calls, innermost first, behind __cbw_m. $1: how many functions of ours are above; $2: the innermost one's line.
__cbw_rows() {
  builtin local __cbw_i __cbw_f
  for ((__cbw_i = $1 + 1; __cbw_i < ${#FUNCNAME[@]}; __cbw_i++)); do
    if [[ $__cbw_tr ]] && ((__cbw_i == ${#FUNCNAME[@]} - __cbw_trn + 1)); then
      __cbw_f=${__cbw_set[$__cbw_tr]}; __cbw_escape
      __cbw_m+=$'\t'"trap $__cbw_tr"$'\t'${__cbw_f%%:*}$'\t'${__cbw_f#*:}
      if [[ $__cbw_tr == EXIT ]]; then continue; fi
      __cbw_f=${FUNCNAME[__cbw_i]}; __cbw_escape; __cbw_m+=$'\t'$__cbw_f$'\t'$__cbw_el
    else
      __cbw_f=${FUNCNAME[__cbw_i]}; __cbw_escape; __cbw_m+=$'\t'$__cbw_f
      if ((__cbw_i == $1 + 1)); then __cbw_m+=$'\t'$2; else __cbw_m+=$'\t'${BASH_LINENO[__cbw_i - 1]}; fi
    fi
    __cbw_f=${BASH_SOURCE[__cbw_i]}
    if ((__cbw_base)) && [[ $__cbw_f == "$0" && $__cbw_f != /* ]]; then __cbw_f=$__cbw_pwd/${__cbw_f#./}; fi
    __cbw_escape; __cbw_m+=$'\t'$__cbw_f
  done
}

# The pipes cannot be reached any more (removed, or no descriptor is left): on without us, and said.
__cbw_give_up() {
  __cbw_busy=1 __cbw_s=0 __cbw_b=()
  # bash puts DEBUG and ERR back when this returns: they do nothing any more
  if [[ $__cbw_exit ]]; then builtin trap -- "$__cbw_exit" EXIT; else builtin trap - EXIT; fi
  builtin local __cbw_m="cbw: the debugger cannot reach $__cbw_d any more: the script goes on without it"
  builtin printf '%s\n' "$__cbw_m" >&2 || builtin printf '%s\n' "$__cbw_m" # no redirection without a free descriptor
}

__cbw_escape() {
  __cbw_f=${__cbw_f//\\/\\\\}; __cbw_f=${__cbw_f//$'\t'/\\t}; __cbw_f=${__cbw_f//$'\n'/\\n}
}

# Requests, until one is to go on. i CODE: evaluate here, what it prints is the answer; s CODE: the same in the
# script's scope; j: leave all that runs, for the text behind the script's end; g: go on.
__cbw_listen() {
  builtin local __cbw_q
  while :; do
    until builtin read -r -d '' __cbw_q <"$__cbw_d/down"; do (($? > 128)) || { __cbw_give_up; return 1; }; done
    case $__cbw_q in
      i*) { eval "${__cbw_q:1}"; builtin printf '\0'; } >"$__cbw_d/up" 2>/dev/null ;;
      s*) __cbw_do=${__cbw_q:1} __cbw_in=1 __cbw_r=0; return 0 ;;
      j*) __cbw_leave; __cbw_busy=1 __cbw_j=1 __cbw_s=1 __cbw_in=1; __cbw_arm
        __cbw_do='builtin set +e -C; builtin shopt -s extdebug'
        return 0 ;;
      g*) builtin source "$__cbw_d/state.sh"; __cbw_arm
        if [[ ${__cbw_q:1} ]]; then eval "${__cbw_q:1}"; fi
        __cbw_leave
        if [[ $__cbw_ee ]]; then __cbw_do='builtin set +e' __cbw_in=2 __cbw_s=1 __cbw_busy=1; __cbw_arm; return 0; fi
        return 1 ;;
    esac
  done
}

__cbw_leave() {
  __cbw_busy=0
  builtin printf 'x\n' >"$__cbw_d/turn"
}

# On the way out of everything to the top level, where `: __cbw_begin` waits. Functions and sourced files return,
# loops break, what is left of the command is skipped; a subshell ends.
__cbw_jump() {
  if [[ $1 == D ]]; then __cbw_k=1; fi
  __cbw_in=1 __cbw_kind=$1
  if ((${#FUNCNAME[@]} > 3)); then __cbw_do='__cbw_busy=0 __cbw_in=0; return 0 2>"${__cbw_null[__cbw_t=0,0]}"'; else __cbw_do='__cbw_busy=0 __cbw_in=0; break 0 2>"${__cbw_null[__cbw_t=0,0]}"'; fi
  return 0
}

# The script's exit, from its EXIT trap; $1 its status, which stays $?.
__cbw_x() {
  builtin local - __cbw_flags="$-" __cbw_go
  builtin set +euxETvfn
  [[ ${IFS@a} == *r* ]] || builtin local IFS=$' \t\n'
  __cbw_tr=
  if (($1 && __cbw_fail && !__cbw_busy && !BASH_SUBSHELL && !__cbw_base && $1 != __cbw_seen)); then
    __cbw_go=0
    __cbw_stop X exit 0 "$1" "${BASH_LINENO[0]}" "$BASH_COMMAND" "$__cbw_flags" || __cbw_go=1
    while ((!__cbw_go)); do
      eval "$__cbw_do" || __cbw_r=$?
      __cbw_in=0
      builtin printf 'done\t%s\0' "$__cbw_r" >"$__cbw_d/up"
      __cbw_listen || __cbw_go=1
    done
  fi
  if (($1)); then __cbw_in_exit; fi
  builtin return "$1"
}

# Enough commands were recorded one by one: another question from here on. $1: $_, which stays so.
__cbw_enough() {
  builtin local -; builtin set +euxETvfn; [[ ! -r $__cbw_d/state.sh ]] || { builtin source "$__cbw_d/state.sh"; __cbw_arm; }
}

__cbw_y() { __cbw_in_exit; }
# The script's own EXIT trap begins now.
__cbw_in_exit() {
  if [[ $__cbw_exit ]]; then __cbw_t=0 __cbw_tr=EXIT __cbw_trn=$((${#FUNCNAME[@]} - 1)); fi
}
__cbw_q() { builtin return "$1"; }

# Status $2 when the script's own trap of kind $1 (E, D) is to run here, as it would without functrace and errtrace.
__cbw_mine() {
  builtin local __cbw_i
  __cbw_t=0
  if [[ $1 == E ]]; then [[ $__cbw_err ]] || builtin return 0; else [[ $__cbw_dbg ]] || builtin return 0; fi
  if ((!__cbw_e)); then
    ((BASH_SUBSHELL == __cbw_err_at)) || builtin return 0
    for __cbw_i in "${FUNCNAME[@]:1}"; do [[ $__cbw_i == main || $__cbw_i == source ]] || builtin return 0; done
  fi
  if [[ $1 == E ]]; then __cbw_tr=ERR __cbw_trn=${#FUNCNAME[@]}; fi
  builtin return "$2"
}

# The same for its RETURN trap, which runs when the function that set it returns, and behind sourced files outside of
# functions. Status 0 of the first: it is to run with $? (= $1) 0; of the second, another one: with that $?.
__cbw_ret0() {
  builtin local __cbw_i __cbw_f=main
  for __cbw_i in "${FUNCNAME[@]:1}"; do [[ $__cbw_i == source ]] || { __cbw_f=$__cbw_i; break; }; done
  __cbw_w=-1
  if [[ $__cbw_f == "$__cbw_retf" || $__cbw_f == main ]] || ((__cbw_T)); then
    case $__cbw_f in __cbw_* | trap) ;; *) __cbw_w=$1 __cbw_el=${BASH_LINENO[0]} ;; esac
  fi
  if ((__cbw_w == 0)); then __cbw_tr=RETURN __cbw_trn=${#FUNCNAME[@]}; fi
  ((__cbw_t -= 2)) || :
  builtin return "$((__cbw_w != 0))"
}
__cbw_ret1() {
  if ((__cbw_w > 0)); then __cbw_tr=RETURN __cbw_trn=${#FUNCNAME[@]}; else __cbw_w=0; fi
  ((__cbw_t -= 2)) || :
  builtin return "$__cbw_w"
}
__cbw_arm_return() {
  builtin local __cbw_a='2>"${__cbw_null[__cbw_t+=2,0]}"'
  builtin local __cbw_o="{ __cbw_t=\$((__cbw_t - 2)) __cbw_tr=; } $__cbw_a"
  builtin trap -- "{ __cbw_ret0 \$?; } $__cbw_a && { $__cbw_ret"$'\n'"$__cbw_o; }; { __cbw_ret1; } $__cbw_a || { $__cbw_ret"$'\n'"$__cbw_o; }" RETURN
}

# A trap's text begins with ours on the same line: $LINENO in it counts lines.
__cbw_arm() {
  builtin local __cbw_a="$__cbw_ask"
  if ((__cbw_s)); then __cbw_a=$__cbw_all; fi
  if [[ $__cbw_dbg ]]; then __cbw_a+="; { __cbw_mine D 1; } 2>/dev/null || { $__cbw_dbg"$'\n}'; fi
  builtin trap -- "$__cbw_a" DEBUG
}
__cbw_arm_err() {
  builtin local __cbw_a="$__cbw_E"
  if [[ $__cbw_err ]]; then __cbw_a+='; { __cbw_mine E "$__cbw_st"; } '"$__cbw_away || { $__cbw_err"$'\n{ __cbw_t=0 __cbw_tr=; } '"$__cbw_away; }"; fi
  builtin trap -- "$__cbw_a" ERR
}
__cbw_arm_exit() {
  builtin local __cbw_a='{ __cbw_x $? && __cbw_y; } '"$__cbw_away"
  if ((__cbw_exit_at != BASH_SUBSHELL)); then __cbw_exit=; fi
  if [[ $__cbw_exit ]]; then __cbw_a+="; $__cbw_exit"; fi
  if ((BASH_SUBSHELL)) && [[ ! $__cbw_exit ]]; then __cbw_a=-; fi
  builtin trap -- "$__cbw_a" EXIT
}

__cbw_arm_urg() { if ((__cbw_urg && !BASH_SUBSHELL)); then builtin trap -- "$__cbw_U" URG; fi; }

# The script's own traps: DEBUG, ERR and EXIT run beside ours; all others are bash's.
trap() {
  { builtin local - __cbw_a __cbw_i __cbw_o=0; local -a __cbw_rest=(); builtin set +euxETvfn; } 2>/dev/null
  if (($# == 0)) || [[ $1 == -[lp]* ]]; then
    if [[ $1 == -l* ]]; then builtin trap "$@"; __cbw_o=$?; builtin return "$__cbw_o"; fi
    builtin trap - DEBUG
    if ((__cbw_urg)); then builtin trap - URG; fi
    if [[ $__cbw_exit ]]; then builtin trap -- "$__cbw_exit" EXIT; else builtin trap - EXIT; fi
    if [[ $__cbw_err ]]; then builtin trap -- "$__cbw_err" ERR; else builtin trap - ERR; fi
    if [[ $__cbw_dbg ]]; then builtin trap -- "$__cbw_dbg" DEBUG; fi
    if [[ $__cbw_ret ]]; then builtin trap -- "$__cbw_ret" RETURN; fi
    builtin trap "$@"; __cbw_o=$?
    if [[ $__cbw_ret ]]; then __cbw_arm_return; fi
    __cbw_arm_exit; __cbw_arm_err; __cbw_arm_urg; __cbw_arm
    builtin return "$__cbw_o"
  fi
  if [[ $1 == -- ]]; then builtin shift; fi
  if (($# == 1)); then builtin set -- - "$1"; fi
  __cbw_a=$1; builtin shift
  for __cbw_s_ in "$@"; do
    case ${__cbw_s_^^} in
      EXIT | SIGEXIT | 0) if [[ $__cbw_a == - ]]; then __cbw_exit=; else __cbw_exit=${__cbw_a:-:}; fi; __cbw_exit_at=$BASH_SUBSHELL; __cbw_set[EXIT]=${BASH_LINENO[0]}:${BASH_SOURCE[1]}; __cbw_arm_exit ;;
      ERR | SIGERR) if [[ $__cbw_a == - ]]; then __cbw_err=; else __cbw_err=${__cbw_a:-:}; fi; __cbw_err_at=$BASH_SUBSHELL; __cbw_set[ERR]=${BASH_LINENO[0]}:${BASH_SOURCE[1]}; __cbw_arm_err ;;
      DEBUG | SIGDEBUG) if [[ $__cbw_a == - ]]; then __cbw_dbg=; else __cbw_dbg=${__cbw_a:-:}; fi; __cbw_err_at=$BASH_SUBSHELL; __cbw_arm ;;
      URG | SIGURG) __cbw_urg=0; __cbw_rest+=("$__cbw_s_") ;;
      RETURN | SIGRETURN)
        if [[ ! $__cbw_a || $__cbw_a == - ]]; then __cbw_ret=; builtin trap - RETURN
        else
          __cbw_ret=$__cbw_a __cbw_retf=main __cbw_set[RETURN]=${BASH_LINENO[0]}:${BASH_SOURCE[1]}
          for __cbw_i in "${FUNCNAME[@]:1}"; do [[ $__cbw_i == source ]] || { __cbw_retf=$__cbw_i; break; }; done
          __cbw_arm_return
        fi ;;
      *) __cbw_rest+=("$__cbw_s_") ;;
    esac
  done
  builtin unset __cbw_s_
  if ((${#__cbw_rest[@]})); then builtin trap -- "$__cbw_a" "${__cbw_rest[@]}"; __cbw_o=$?; fi
  builtin return "$__cbw_o"
}

__cbw_away='2>"${__cbw_null[__cbw_t=1,0]}"'
__cbw_H='__cbw_c=$? __cbw_u=$_;while __cbw_at D "$__cbw_c" "$LINENO" "$BASH_COMMAND" "$__cbw_u" "$-" "$@";do eval "$__cbw_do"||__cbw_r=$?;done;((__cbw_k==0))'
__cbw_Q='{ eval "$__cbw_H"; } 2>/dev/null'
__cbw_R='{ __cbw_old=$_;if ((__cbw_k==0&&__cbw_b[LINENO]));then eval "$__cbw_H";fi;((__cbw_k==0)); } 2>/dev/null'
__cbw_E='{ __cbw_st=$?;while __cbw_at E "$__cbw_st" "$LINENO" "$BASH_COMMAND" "$_" "$-" "$@";do eval "$__cbw_do"||__cbw_r=$?;done;: $((__cbw_t=0)) "$__cbw_l"; } '$__cbw_away
# sent for Ctrl-C: look at the next command
__cbw_U='{ : $((__cbw_s=1)) "$_"; __cbw_arm "$_"; : $((__cbw_t=0)) "$_"; } '$__cbw_away
declare -a __cbw_sn=() __cbw_rb=() __cbw_w=() __cbw_wv=()
source "$__cbw_d/state.sh"
__cbw_s=1 __cbw_first=1 __cbw_urg=1
if ((__cbw_follow)); then __cbw_begin; fi
set -ET
__cbw_arm_exit; __cbw_arm_err; __cbw_arm_urg
case $__cbw_flags in *u*) builtin set -u ;; esac; case $__cbw_flags in *e*) builtin set -e ;; esac
{ if [[ $__cbw_flags == *x* ]]; then builtin set -x; fi; __cbw_arm; } 2>/dev/null # last: from here on commands are looked at
