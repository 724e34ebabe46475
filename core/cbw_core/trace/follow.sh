# The beginning of the prelude where scripts that the script starts are followed: it is read by each bash that inherits
# BASH_ENV. What is no script of its own (`bash -c TEXT`, a text on stdin) goes on without us and hands BASH_ENV on.
{ __cbw_flags=$-; builtin set +exuv; } 2>/dev/null
# the s of a text on stdin is not there yet, but its $0 is no file
if [[ ! -f $0 ]]; then __cbw_flags+=s; fi
case $__cbw_flags in
  *[cs]*)
    case $__cbw_flags in *u*) builtin set -u ;; esac
    case $__cbw_flags in *e*) builtin set -e ;; esac
    {
      case $__cbw_flags in *x*) builtin unset __cbw_flags; builtin set -x ;; *) builtin unset __cbw_flags ;; esac
      builtin return 0
    } 2>/dev/null
    ;;
esac
# __cbw_up: where the script stood that started this one, as the frames of a stop; __cbw_base: how many those are;
# __cbw_bsub: how deep in subshells
__cbw_up= __cbw_base=0 __cbw_bsub=0 __cbw_pwd=$PWD __cbw_follow=1

# The first one is the script itself; any other was started by it.
__cbw_begin() {
  if [[ ! -e $__cbw_d/main ]]; then builtin printf '%s\n' "$BASHPID" >"$__cbw_d/main"; return; fi
  __cbw_first=0 __cbw_urg=0 __cbw_e=0
  builtin local __cbw_m=
  builtin read -r -d '' __cbw_m <"$0"
  if [[ $__cbw_m == *errtrace* || $__cbw_m =~ set[[:space:]]+-[a-zA-Z]*E ]]; then __cbw_e=1; fi
  __cbw_find
}

# Look for the bash above this process that noted where it stands.
__cbw_find() {
  builtin local __cbw_p=$BASHPID __cbw_m __cbw_stat
  __cbw_base=1
  while ((__cbw_p > 1)); do
    if [[ -s $__cbw_d/at.$__cbw_p ]]; then
      builtin read -r -d '' __cbw_m <"$__cbw_d/at.$__cbw_p"
      __cbw_bsub=${__cbw_m%%$'\t'*} __cbw_up=$'\t'${__cbw_m#*$'\t'}
      __cbw_m=${__cbw_up//[!$'\t']/} __cbw_base=$((${#__cbw_m} / 3))
      builtin return
    fi
    if ! { builtin read -r __cbw_stat <"/proc/$__cbw_p/stat"; } 2>/dev/null; then # no /proc: the parent is all we know
      if ((__cbw_p == PPID)); then builtin return; fi
      __cbw_p=$PPID
      continue
    fi
    __cbw_stat=${__cbw_stat##*) }
    __cbw_stat=${__cbw_stat#* }
    __cbw_p=${__cbw_stat%% *}
  done
}
