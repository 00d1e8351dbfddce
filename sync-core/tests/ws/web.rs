//! Plain HTTP: the client's modules, and models as JSON in handlers of one's own.

use axum::Json;
use axum::routing::{get, patch};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{ListPatch, Server, list};

async fn http(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_client_is_served_and_is_asked_for_each_time() {
    let server = Server::open().await;
    let ask = async |more: &str| {
        let head = format!("GET /sync/sync.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n");
        http(server.address, &head).await
    };
    let answer = ask("").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("text/javascript"));
    assert!(answer.contains("cache-control: no-cache") && answer.contains("export function connect"));
    let tag = answer.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    assert!(ask(&format!("if-none-match: {tag}\r\n")).await.starts_with("HTTP/1.1 304"));
}

#[test]
fn an_error_is_an_answer_that_tells_nothing_of_the_inside() {
    use axum::response::IntoResponse as _;
    use futures_util::{FutureExt as _, StreamExt as _};
    use sync_core::{Code, Error};
    let status = |code| Error::new(code, "x").into_response().status().as_u16();
    assert_eq!(
        [Code::NotFound, Code::Conflict, Code::Invalid, Code::Denied].map(status),
        [404, 409, 422, 403]
    );
    assert_eq!([Code::Unavailable, Code::Internal, Code::Corrupt].map(status), [503, 500, 500]);
    let text = |error: Error| {
        let mut body = error.into_response().into_body().into_data_stream();
        let bytes = body.next().now_or_never().flatten().unwrap().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let refused = Error::new(Code::Invalid, "List 1: name must not be empty").at_field("name");
    let expected = r#"{"code":"invalid","message":"List 1: name must not be empty","fields":["name"]}"#;
    assert_eq!(text(refused), expected);
    assert!(!text(Error::new(Code::Corrupt, "/srv/lists.sqlite: torn")).contains("srv"));
}

#[tokio::test]
async fn json_of_a_model_tells_nothing_private_and_its_patch_takes_nothing_private() {
    let app = axum::Router::new()
        .route("/", get(async || Json(list("Milk", "ann"))))
        .route("/", patch(async |Json(patch): Json<ListPatch>| format!("{patch:?}")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(std::future::IntoFuture::into_future(axum::serve(listener, app)));
    let got = http(address, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(got.contains("\"name\":\"Milk\"") && !got.to_lowercase().contains("secret"), "{got}");
    for (body, status, named) in [
        (r#"{"name":"Bread"}"#, "200", "Bread"),
        (r#"{"secret":"x"}"#, "422", "secret"),
        (r#"{"edits":1}"#, "422", "edits"),
        (r#"{"colour":1}"#, "422", "colour"),
        (r#"{"views":"x"}"#, "422", "views"),
    ] {
        let head = format!(
            "PATCH / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = http(address, &head).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(named),
            "{body}: {answer}"
        );
    }
}
