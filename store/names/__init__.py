"""Read and write the names of files and folders of series, in many languages, German among them.

Pure: no disk, no network, nothing of the program outside this package. docs/names.md explains the
reader stage by stage, the vocabulary, the families of hard names, and what the writer promises.

Reading:

    parser.parse(path)                      a path -> ParsedName: title, season, episodes, why, …
    folder_parser.parse_folder(paths)       the paths of one series -> a ParsedName each
    matching.judge(name, known, …)          a ParsedName -> Verdict: which known episodes it is
    season_folders.judge_together(…)        the ParsedNames of one series -> a Verdict each
    source_files.read_source(paths)         the paths of one series at a source -> its episodes
    languages.read(path)                    a path -> Languages of its sound and its subtitles
    versions.find(path)                     a path -> a version for the blind or the deaf
    identity.identify(*names, …)            a series' names -> Identity
    identity.find_same(wanted, others)      the one among others that is the same series

Writing:

    templates.Templates(series, …)          how folders and files are to be called
    template_check.find_problem(templates)  why templates can't be used
    writer.episode_path(templates, …)       where an episode lies
    writer.choose_path(templates, …)        where it lies in a series that has names of another kind

Parts of names:

    codes.code, decode, file_code           "S01E05"
    database_ids.parse, bracketed           "[tvdbid-1]"
    extensions.MEDIA, SUBTITLES, sidecars   ".mkv", ".srt"
    spelling.safe, slug, fold               a title as a file's name, as an id, for comparing

`parser` loads the vocabulary when it is imported, and so do `folder_parser` and `template_check`;
that takes a few milliseconds. The other modules are light.
"""
