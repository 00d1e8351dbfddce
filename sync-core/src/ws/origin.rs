//! Which sites may open a socket: browsers send cookies along with any site's handshake, and only this
//! check keeps a foreign page from speaking with a user's rights.

use axum::http::{HeaderMap, Uri, header};

/// Scheme, host and port, in lower case, without a default port.
fn normal(origin: &str) -> Option<(String, String)> {
    let uri: Uri = origin.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    Some((scheme.clone(), authority(uri.authority()?.as_str(), &scheme)))
}

fn authority(host: &str, scheme: &str) -> String {
    let host = host.to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    host.strip_suffix(default).map(str::to_owned).unwrap_or(host)
}

/// Whether a handshake with these headers may go on: it is no browser's, or of the same origin, or of an
/// allowed one.
pub(crate) fn allowed(headers: &HeaderMap, origins: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some((scheme, from)) = origin.to_str().ok().and_then(normal) else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same = host.is_some_and(|host| authority(host, &scheme) == from);
    same || origins
        .iter()
        .any(|allowed| normal(allowed).is_some_and(|allowed| allowed == (scheme.clone(), from.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        origin.map(|origin| headers.insert(header::ORIGIN, origin.parse().unwrap()));
        allowed(&headers, &["https://Friend.example".into()])
    }

    #[test]
    fn same_origin_unless_said() {
        assert!(may(None, "a.example"));
        assert!(may(Some("http://a.example:8080"), "A.example:8080"));
        assert!(may(Some("https://a.example"), "a.example:443"));
        assert!(may(Some("https://friend.example:443"), "a.example"));
        for foreign in
            ["http://a.example:81", "http://b.example", "null", "http://friend.example", "file:///", ""]
        {
            assert!(!may(Some(foreign), "a.example"), "{foreign}");
        }
    }
}
