# Bash completion of ns-tool. Commands and options come from its own --help, so that nothing has to
# be kept in step here.

_ns_tool()
{
    local tool=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
    local commands options

    if ((COMP_CWORD == 1)); then
        commands=$("$tool" --help 2>/dev/null |
            sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
    elif [[ $word == -* && $command == [a-z]* ]]; then
        options=$("$tool" "$command" --help 2>/dev/null | grep -o -- '--[a-z][a-z-]*')
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    fi
}
complete -o default -F _ns_tool ns-tool
