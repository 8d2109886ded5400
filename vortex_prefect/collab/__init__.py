"""Floor 4: a graph as a document that several people edit at once (Yjs), and what such a document says.

`docs/collaboration.md` gives the document's shape, for the editor's side too.
"""
