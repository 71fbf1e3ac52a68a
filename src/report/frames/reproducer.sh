# Exit status: 1 everything goes as it is said below, so the finding is there; 0 it doesn't; 77 it
# can't run here. It needs util-linux, and root or user namespaces; namespaces of its own take
# everything with them when it ends. Below $W is the small world that the calls are made in.
set -u
if [ "${1-}" != --inside ]; then
    user=
    [ "$(id -u)" -eq 0 ] || user=--map-root-user
    core=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
    taskset -cp "$core" $$ >/dev/null 2>&1 # as a sandbox does: some of what a kernel does differs across cores
    unshare $user --mount --propagation private --pid --fork --kill-child true 2>/dev/null || exit 77
    exec unshare $user --mount --propagation private --pid --fork --kill-child sh "$0" --inside
fi
W=/tmp
umask 0
mount -n -i -t proc proc /proc || exit 77
mount -n -i -t tmpfs tmpfs /var/tmp || exit 77
R=/var/tmp
mount -n -i -t tmpfs -o nosuid,nodev,mode=0755 tmpfs $W || exit 77
mkdir -m 0755 $W/mnt $W/tmp $W/a $W/b $W/c $W/d $W/proc
for one in a b c d; do mkdir -m 0755 $W/$one/a $W/$one/b $W/$one/c $W/$one/d; done
mount -n -i -t proc -o nosuid,nodev,noexec proc $W/proc || exit 77
mount -n -i --make-rshared $W || exit 77
cd $W || exit 77
different=0

# Each actor is a shell that reads its commands from a pipe and says on another how they went.
cat > $R/actor <<'END'
table() {
    while read -r id up dev root point options rest; do
        case $point in "$W" | "$W"/*) ;; *) continue ;; esac
        how=private
        case " ${rest%%- *}" in *" shared:"*" master:"*) how=slave+shared ;; *" shared:"*) how=shared ;;
        *" master:"*) how=slave ;; *" unbindable"*) how=unbindable ;; esac
        type=${rest#*- } point=${point#"$W"}
        printf '%s %s %s %s\n' "${point:-/}" "${type%% *}" "$options" "$how"
    done < /proc/self/mountinfo
}
echo 0 >&4
while read -r line <&3; do eval "$line"; done
END
mkfifo $R/done
exec 4<> $R/done
export W R
actor() { # NUMBER: its pipe
    mkfifo "$R/$1"
}
say() { # ACTOR COMMAND: what it answers is in $went
    printf '%s\n' "$2" > "$R/$1"
    read -r went <&4
}
call() { # ACTOR TEXT WANTED COMMAND: WANTED is 0, or 1 where it fails; of one that makes an actor, or a
    # new shell, that one answers
    case $4 in
    exec* | \(*) say "$1" "$4" ;;
    *) say "$1" "if $4 2>/dev/null; then echo 0 >&4; else echo 1 >&4; fi" ;;
    esac
    echo "$2 = $went"
    [ "$went" = "$3" ] || { different=1; echo "    was: $3"; }
}
view() { # ACTOR: what it sees is what stands on standard input
    cat > $R/wanted
    say "$1" 'table > "$R/seen"; echo 0 >&4'
    cmp -s $R/wanted $R/seen || { different=1; echo "actor $1 sees:"; cat $R/seen; echo was:; cat $R/wanted; }
}
begin() { # ACTOR: the first one
    (exec 3<> "$R/$1"; exec sh $R/actor) &
    read -r went <&4
}
finish() {
    [ $different = 0 ] && echo 'as it was: the finding is there' && exit 1
    echo 'not as it was: the finding is gone'
    exit 0
}
