"""Files are compared by their bytes."""

from pathlib import Path

from argus.files.same_files import same_files


def test_same_files__bytes_count_and_not_names_or_sizes(tmp_path: Path) -> None:
    long = bytes(10**5)
    contents = dict(a=long, b=long[:-1] + b"1", c=long, d=long[:50000] + b"1" + long[50001:], e=b"")
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    assert same_files(tmp_path, ["e", "d", "c", "b", "a", "absent"]) == [["a", "c"]]
