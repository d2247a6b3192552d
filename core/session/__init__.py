"""The session file: what happened, who decided it, and what everybody saw.

:class:`core.session.client.RecorderClient` feeds the recorder process, which writes with
:class:`core.session.writer.SessionWriter`; :func:`core.session.reader.read_session` reads it back.
"""
