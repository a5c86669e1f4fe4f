"""The door of `make demo`: it alone is read by Pythons as old as 3.6, and only decides whether to go on."""

import sys

NEEDED = (3, 11)


def refusal(version, platform):  # type: ignore[no-untyped-def] # today’s annotations stop an old Python
    if tuple(version[:2]) < NEEDED:
        return (
            "Python {}.{} est trop ancien : installez Python 3.11 ou plus récent "
            "(Debian : apt install python3 python3-venv), puis relancez la commande."
        ).format(*version[:2])
    if platform not in ("linux", "darwin"):
        return "Linux ou macOS est nécessaire (sous Windows : WSL), ce système est « {} ».".format(platform)  # noqa: UP032
    return None


def main():  # type: ignore[no-untyped-def] # as above
    sentence = refusal(sys.version_info, sys.platform)  # type: ignore[no-untyped-call]
    if sentence:
        sys.stderr.write(sentence + "\n")
        return 2
    from config.local import install  # noqa: PLC0415 - an old Python could not read it

    return install.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())  # type: ignore[no-untyped-call]
